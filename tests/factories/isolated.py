"""The end of processes in which channels run apart, for tests that have begun some."""

import gc

from helpdesk.channels import accounts, processes
from tests.factories.processes import eventually


def end_channels() -> None:
    """End every process of a channel, and wait until none is left."""
    accounts.forget_drivers()
    processes.end_all()
    eventually(lambda: not processes.running(), seconds=20, what="The end of the processes")
    gc.collect()  # a pipe that was left open is told of in this test and no other
