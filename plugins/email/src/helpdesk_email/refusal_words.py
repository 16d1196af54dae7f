"""Owns the words in which mail systems say that a mail did not arrive, in English and Korean.

Words are read only where a mail system wrote (``plain_bounces``): a customer may use every one of them.
"""

import re
from dataclasses import dataclass

from helpdesk.sdk.channel import Verdict
from helpdesk_email.bounces import is_dead_address

_DELAYED = re.compile(
    r"delivery (?:is |has been |was )?(?:temporarily )?delayed|delayed (?:delivery|mail)|message delayed"
    r"|delivery status notification \(delay\)|will (?:keep|continue) (?:on )?(?:trying|to (?:be )?(?:re)?tr(?:y|ied))"
    r"|will (?:retry|be retried|try again)|still (?:being )?(?:re)?tr(?:ying|ied)"
    r"|not yet been delivered|(?:this is a )?warning message only|do not need to resend|delivery incomplete"
    r"|재시도\s*(?:중|할|합니다|하고|됩니다|예정)"
    r"|(?:계속|다시)\s*(?:전송을\s*)?시도\s*(?:중|할 |합니다|하고|됩니다|예정)"
    r"|지연\s*(?:되|안내|알림|중|입니다)|아직\s.{0,20}(?:전달|전송|배달|발송)되지",
    re.IGNORECASE,
)
_FAILED = re.compile(
    r"(?:not|n[’']t|cannot) (?:be |been )?(?:successfully )?(?:be |been )?delivered|undeliver(?:able|ed)"
    r"|deliver(?:y|ing)[^\n.]{0,60}fail|failure notice|\(failure\)|fail(?:ed|s) permanently"
    r"|permanent(?:ly)? (?:fatal )?(?:error|fail)|returned (?:mail|to sender)|(?:unable|not able) to deliver"
    r"|did(?: not|n[’']t) reach|(?:can ?not|can[’']t|could not|couldn[’']t) be (?:reached|sent)"
    r"|address(?: was)? not found|message (?:was )?(?:blocked|rejected|not delivered)"
    r"|(?:전송|발송|배달|전달|발신|송신)\s*(?:이|에|을|를)?\s*"
    r"(?:실패|불가|하지 ?못|되지 ?(?:못|않)|할 ?수 ?없|안\s?(?:됨|되))"
    r"|반송|(?:보낼|전달할|배달할) ?수 ?없|보내지 ?못|(?:편지함|메일함|사서함|메일박스)[^\n]{0,12}(?:초과|부족|가득)"
    r"|용량\s?초과",
    re.IGNORECASE,
)
_DEAD = re.compile(
    r"user unknown|unknown (?:user|recipient|local[ -]?part|or illegal alias)|no such (?:user|recipient|mailbox|address"
    r"|person|domain|account)|(?:address|user|recipient|account|mailbox)(?: name)?(?: you entered)?"
    r"(?: was| is|[’']s)?(?: not|n[’']t)[ -]?found|recipient ?not ?found|(?:was not|wasn[’']t) found at"
    r"|(?:does not|doesn[’']t) exist|(?:does not|doesn[’']t) have an? \S{1,60} account|no mailbox here by that name"
    r"|unroute?able address|invalid (?:recipient|mailbox|address|user)|not a known user|550.{0,60}mailbox unavailable"
    r"|(?:account|mailbox|user)[^\n]{0,20} (?:disabled|inactive|deactivated|suspended)"
    r"|(?:host or )?domain(?: name)?[^\n]{0,40} (?:not found|couldn[’']t be found)|couldn[’']t find any host"
    r"|(?:수신자|수신인|받는\s?사람|사용자|계정|아이디|주소|메일\s?주소|도메인|호스트)(?:를|을|이|가|은|는)?\s*"
    r"(?:찾을 ?수 ?없|존재하지 ?않|확인할 ?수 ?없|없습니다)|(?:존재하지 ?않는|없는|등록되지 ?않은|잘못된) ?"
    r"(?:사용자|수신자|수신인|메일|이메일|계정|주소|아이디|도메인)|휴면|해지|탈퇴",
    re.IGNORECASE,
)
_FULL = re.compile(
    r"(?:mailbox|inbox|account)[^\n.]{0,30}\bfull\b|quota|(?:out of|over|exceeds?|exceeded)[^\n.]{0,20} storage"
    r"|insufficient (?:system )?storage|too much mail"
    r"|용량[^\n]{0,12}(?:초과|부족)|(?:편지함|메일함|사서함|메일박스)[^\n]{0,12}(?:초과|부족|가득)",
    re.IGNORECASE,
)
_STATUS = re.compile(r"(?<![0-9.])([45]\.[0-9]{1,3}\.[0-9]{1,3})(?![0-9]|\.[0-9])")
_SAYS_NOTHING = ("5.0.", "5.5.", "4.0.")


@dataclass(frozen=True, slots=True)
class Judgement:
    """What words say became of a mail; ``is_permanent`` when the address itself is no good."""

    verdict: Verdict
    is_permanent: bool = False


def judge(words: str) -> Judgement | None:
    """Return what a mail system's words say, or None if they say of no mail that it did not arrive."""
    if _DELAYED.search(words):
        return Judgement(Verdict.DELAYED)
    return Judgement(Verdict.FAILED, is_permanent=is_dead(words)) if _FAILED.search(words) else None


def is_dead(words: str) -> bool:
    """Return whether the words say that the address is no good; a full mailbox or a policy is not its fault."""
    status = _STATUS.search(words)
    if status is not None and not status[1].startswith(_SAYS_NOTHING):
        return is_dead_address(status[1])
    return _DEAD.search(words) is not None and _FULL.search(words) is None


def says_why(words: str) -> bool:
    """Return whether the words say why a mail did not arrive."""
    return any(sign.search(words) for sign in (_STATUS, _DEAD, _FULL))
