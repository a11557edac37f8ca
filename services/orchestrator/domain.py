"""What the service does, without its gRPC: everything that a call may need."""

from __future__ import annotations

from dataclasses import dataclass

from services.orchestrator.actions import MindActions
from services.orchestrator.autonomy.analyzing import Analyzing
from services.orchestrator.autonomy.reflecting import Reflecting
from services.orchestrator.conversation import Conversations
from services.orchestrator.counting.following import Counts
from services.orchestrator.ended import EndedCommitments
from services.orchestrator.forgetting import Forgetting
from services.orchestrator.graph.following import Graphs
from services.orchestrator.importing import Importing
from services.orchestrator.minds import Minds
from services.orchestrator.owners.owners import Owners
from services.orchestrator.peers import Peers
from services.orchestrator.reporting import Reporting
from services.orchestrator.session_table.following import SessionTable
from services.orchestrator.sessions import SessionActions
from services.orchestrator.views import Views
from services.orchestrator.workers.operations import Operations


@dataclass(frozen=True)
class Domain:
    """One of each."""

    peers: Peers
    minds: Minds
    conversations: Conversations
    sessions: SessionActions
    actions: MindActions
    importing: Importing
    forgetting: Forgetting
    views: Views
    reflecting: Reflecting
    analyzing: Analyzing
    reporting: Reporting
    operations: Operations
    graphs: Graphs
    ended: EndedCommitments
    session_table: SessionTable
    owners: Owners
    counts: Counts
