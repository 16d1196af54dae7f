"""What programs hand to the demo's mail server arrives as it is."""

import smtplib
import socket

from helpdesk.commands.demo.mail_server import MailServer

LARGEST = 1_000_000


def test_mail_whose_lines_end_by_line_feeds_alone_arrives_as_it_is() -> None:
    came: list[tuple[str, bytes]] = []
    mail = b"Subject: long\n\n" + b"a line of a mail\n" * 5_000
    with socket.create_server(("127.0.0.1", 0)) as bound:
        server = MailServer(bound, lambda to, raw: came.append((to, raw)), largest=LARGEST)
        server.start()
        try:
            with smtplib.SMTP("127.0.0.1", server.port, timeout=10) as client:
                client.ehlo()
                client.mail("mina@shop.example")
                client.rcpt("support@demo.example")
                client.putcmd("DATA")
                assert client.getreply()[0] == 354
                client.send(mail + b"\r\n.\r\n")
                assert client.getreply()[0] == 250
        finally:
            server.stop()
    assert came == [("support@demo.example", mail + b"\r\n")]
