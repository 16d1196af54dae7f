"""What the desk's own field types say to whoever fills in a form, in Korean and in English.

A language that is not here is spoken to in English.
"""

from collections.abc import Mapping
from typing import Any

from helpdesk.sdk.field_type import NotAValue

SENTENCES: Mapping[str, Mapping[str, str]] = {
    "needed": {"en": "Please fill this in.", "ko": "필수 항목입니다. 입력해 주세요."},
    "no_text": {"en": "This must be a text.", "ko": "텍스트로 입력해 주세요."},
    "one_line": {"en": "Please write this in one line.", "ko": "한 줄로 입력해 주세요."},
    "too_short": {"en": "Please write at least {least} characters.", "ko": "{least}자 이상 입력해 주세요."},
    "too_long": {"en": "Please write at most {most} characters.", "ko": "{most}자 이하로 입력해 주세요."},
    "no_number": {"en": "This must be a whole number, such as 12.", "ko": "12와 같이 정수로 입력해 주세요."},
    "too_small": {"en": "This must be {least} or more.", "ko": "{least} 이상이어야 합니다."},
    "too_large": {"en": "This must be {most} or less.", "ko": "{most} 이하여야 합니다."},
    "no_date": {"en": "This must be a date, such as 2026-01-31.", "ko": "2026-01-31과 같이 날짜로 입력해 주세요."},
    "no_time": {
        "en": "This must be a date and a time, such as 2026-01-31T09:00.",
        "ko": "2026-01-31T09:00과 같이 날짜와 시각으로 입력해 주세요.",
    },
    "too_early": {"en": "This must not be before {least}.", "ko": "{least} 이후여야 합니다."},
    "too_late": {"en": "This must not be after {most}.", "ko": "{most} 이전이어야 합니다."},
    "no_choice": {"en": "Please choose one of: {options}.", "ko": "다음 중에서 선택해 주세요: {options}."},
    "too_few": {"en": "Please choose at least {least}.", "ko": "{least}개 이상 선택해 주세요."},
    "too_many": {"en": "Please choose at most {most}.", "ko": "{most}개 이하로 선택해 주세요."},
    "no_tick": {"en": "This is either ticked or not.", "ko": "선택하거나 선택하지 않을 수 있습니다."},
    "no_consent": {"en": "Please agree to go on.", "ko": "계속하려면 동의해 주세요."},
    "no_email": {
        "en": "This must be an email address, such as hong@example.com.",
        "ko": "hong@example.com과 같이 이메일 주소로 입력해 주세요.",
    },
    "no_phone": {
        "en": "This must be a phone number, such as {example}.",
        "ko": "{example}과 같이 전화번호로 입력해 주세요.",
    },
    "yes": {"en": "Yes", "ko": "예"},
    "no": {"en": "No", "ko": "아니요"},
    "agreed": {"en": "Agreed", "ko": "동의함"},
}


def say(sentence: str, language: str, **facts: Any) -> str:
    """Return the sentence in the language."""
    words = SENTENCES[sentence]
    return words.get(language.partition("-")[0], words["en"]).format(**facts)


def refusal(sentence: str, language: str, **facts: Any) -> NotAValue:
    """Return the sentence as what a field type raises."""
    return NotAValue(say(sentence, language, **facts))
