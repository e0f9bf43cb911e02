"""What can go wrong with the log, for callers to tell apart.

MemoryFault
├── StoreUnavailable      the database cannot be reached or is busy (retryable)
│   └── StoreFull         no space left, or read-only: nothing was written (retryable)
├── UnknownConversation   no such conversation in this inbox
├── UnknownTurn           no such turn, or it is not waiting
├── UnknownCorrection     no such correction
├── UnknownDeadLetter     no such dead letter
├── NothingToReplay       what was given up is not to be sent again, or was already
├── UnknownCampaign       no such campaign
├── CampaignRefused       not at this stage of the campaign, or its name is taken
├── UnknownIncident       no such incident
├── IncidentClosed        the incident is resolved, or an update came for another version
├── UnknownTask           no such task
├── TaskRefused           a task that ended, or whose identity is not checked
├── UnknownAttachment     no such file in this conversation
├── UnknownCustomer       no such customer, or they were erased
├── UnknownMemory         no such memory of this customer, or it was forgotten
├── UnknownMerge          no such link between this customer and another
├── MergeRefused          the two are one person already, or this link was decided or taken back already
├── Held                  a legal hold keeps the customer from being erased
├── AlreadyDecided        somebody decided this draft first
├── NotYours              another person owns the conversation, or nobody took it over
├── Stopped               a kill switch stops what was to be said
├── Replayed              another message came with this provider's one-time token
├── WrongToken            the conversation's secret does not match
└── Superseded            a newer message or a new owner overtook this turn
"""

from __future__ import annotations

from typing import ClassVar


class MemoryFault(Exception):
    """Root of this tree. `code` is stable for machines; `retryable` says whether the same call may succeed later."""

    code: ClassVar[str] = "memory"
    retryable: ClassVar[bool] = False


class StoreUnavailable(MemoryFault):
    code = "store_unavailable"
    retryable = True


class StoreFull(StoreUnavailable):
    code = "store_full"


class UnknownConversation(MemoryFault):
    code = "unknown_conversation"


class UnknownTurn(MemoryFault):
    code = "unknown_turn"


class UnknownCorrection(MemoryFault):
    code = "unknown_correction"


class UnknownDeadLetter(MemoryFault):
    code = "unknown_dead_letter"


class NothingToReplay(MemoryFault):
    code = "nothing_to_replay"


class UnknownTask(MemoryFault):
    code = "unknown_task"


class TaskRefused(MemoryFault):
    code = "task_refused"


class UnknownAttachment(MemoryFault):
    code = "unknown_attachment"


class UnknownCampaign(MemoryFault):
    code = "unknown_campaign"


class CampaignRefused(MemoryFault):
    code = "campaign_refused"


class UnknownIncident(MemoryFault):
    code = "unknown_incident"


class IncidentClosed(MemoryFault):
    code = "incident_closed"


class UnknownCustomer(MemoryFault):
    code = "unknown_customer"


class UnknownMemory(MemoryFault):
    code = "unknown_memory"


class UnknownMerge(MemoryFault):
    code = "unknown_merge"


class MergeRefused(MemoryFault):
    code = "merge_refused"


class Held(MemoryFault):
    code = "held"


class AlreadyDecided(MemoryFault):
    code = "already_decided"


class NotYours(MemoryFault):
    code = "not_yours"


class Stopped(MemoryFault):
    code = "stopped"


class Replayed(MemoryFault):
    code = "replayed"


class WrongToken(MemoryFault):
    code = "wrong_token"


class Superseded(MemoryFault):
    code = "superseded"
