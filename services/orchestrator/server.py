"""The orchestrator service: what it is made of, and its life."""

from __future__ import annotations

import asyncio
from typing import ClassVar

import grpc.aio

from pmm.orchestrator.v1 import orchestrator_pb2_grpc as rpc
from services.orchestrator.actions import MindActions
from services.orchestrator.autonomy.analyzing import Analyzing
from services.orchestrator.autonomy.auditing import Auditing
from services.orchestrator.autonomy.chain import ChainWatch
from services.orchestrator.autonomy.reflecting import Reflecting
from services.orchestrator.autonomy.summarizing import Summarizing
from services.orchestrator.autonomy.supervisor import Supervisor
from services.orchestrator.checks import CHECKS
from services.orchestrator.conversation import Conversations
from services.orchestrator.counting.following import Counts
from services.orchestrator.counting.store import CountStore
from services.orchestrator.domain import Domain
from services.orchestrator.ended import EndedCommitments
from services.orchestrator.extraction.extractor import Extractor
from services.orchestrator.feed import Feed
from services.orchestrator.forgetting import Forgetting, Traces
from services.orchestrator.graph.following import Graphs
from services.orchestrator.graph.store import GraphStore
from services.orchestrator.guard import warm_up
from services.orchestrator.importing import Importing
from services.orchestrator.incognito import Incognito
from services.orchestrator.late_answers import LateAnswers
from services.orchestrator.minds import Minds
from services.orchestrator.owners.owners import Owners
from services.orchestrator.owners.store import OwnerStore
from services.orchestrator.peers import Peers
from services.orchestrator.reporting import Reporting
from services.orchestrator.servicer import OrchestratorServicer
from services.orchestrator.session_table.following import SessionTable
from services.orchestrator.session_table.store import SessionStore
from services.orchestrator.sessions import SessionActions
from services.orchestrator.settings import OrchestratorSettings
from services.orchestrator.slots import Slots
from services.orchestrator.standing import Standing
from services.orchestrator.store import Store
from services.orchestrator.turn import Services
from services.orchestrator.views import Views
from services.orchestrator.workers import commitments, directives, extraction, identity
from services.orchestrator.workers.follower import Follower
from services.orchestrator.workers.operations import Operations
from services.orchestrator.workers.positions import Positions
from services.orchestrator.workers.reading import Reading
from services.runtime.performance import Performance
from services.runtime.service import Service, ServiceContext, ServiceSpec

WORKERS = (identity.worker, commitments.worker, directives.worker, extraction.worker)
"""What reads messages: each makes its worker of the one extractor."""


class OrchestratorService(Service):
    """The orchestrator with its workers."""

    name = "orchestrator"
    full_name = "pmm.orchestrator.v1.OrchestratorService"
    checks: ClassVar = CHECKS

    def __init__(self, settings: OrchestratorSettings, context: ServiceContext) -> None:
        peers = Peers(context.peers)
        self._store = Store(context.data_dir)
        self._graph_store = GraphStore(context.data_dir / "graph")
        feed = self._feed = Feed(peers)
        self._graphs = Graphs(self._graph_store, peers, feed)
        self._session_store = SessionStore(context.data_dir / "sessions")
        self._session_table = SessionTable(self._session_store, feed)
        minds = self._minds = Minds(peers, self._store, settings)
        self._owner_store = OwnerStore(context.data_dir / "owners")
        self._owners = Owners(self._owner_store, minds, peers, feed)
        self._count_store = CountStore(context.data_dir / "counts")
        self._counts = Counts(self._count_store, peers, feed)
        incognito, slots = Incognito(settings.incognito_sessions), Slots(settings.waiting_turns)
        extractor = Extractor(minds, peers, with_model=settings.extracts_with_model)
        traces = Traces(self._store, extractor, peers)
        reflecting = Reflecting(minds, peers, traces)
        analyzing = Analyzing(minds, self._session_table, incognito, peers)
        self._performance = Performance()
        auditing = Auditing(minds, peers, self._store)
        summarizing = Summarizing(minds, peers, traces, settings.recent_turns)
        self._chain_watch = ChainWatch(minds, peers, self._store, settings)
        self._supervisor = Supervisor(minds, self._store, auditing, settings)
        sessions = SessionActions(minds, peers, self._session_table, incognito, slots)
        standing = Standing(minds, peers, sessions, extractor)
        forgetting = Forgetting(peers, traces, self._graphs, self._session_table, standing, self._counts)
        workers = (
            *(reader(extractor) for reader in WORKERS),
            extraction.imports(extractor),
            analyzing.worker(),
            summarizing.worker(),
            reflecting.worker(),
            traces.worker(),
            LateAnswers(peers, forgetting).worker(),
            self._supervisor.worker(),
        )
        followers = {worker.name: Follower(worker, minds, peers, self._store, feed) for worker in workers}
        self._followers = list(followers.values())
        readers = [followers[worker.name] for worker in workers[: len(WORKERS)]]
        reading = Reading(readers, extractor, settings.reading_budget_ms / 1000)
        self._positions = Positions(self._followers, self._store)
        self._operations = Operations(followers, minds, peers, self._store)
        self._domain = Domain(
            peers,
            minds,
            Conversations(
                Services(minds, peers, self._store, self._session_table, reading, settings), incognito, slots
            ),
            sessions,
            MindActions(minds, peers),
            Importing(minds, self._session_table, incognito),
            forgetting,
            Views(minds, peers, traces),
            reflecting,
            analyzing,
            Reporting(self._performance, peers),
            self._operations,
            self._graphs,
            EndedCommitments(peers, self._graphs),
            self._session_table,
            self._owners,
            self._counts,
        )
        self._tasks: list[asyncio.Task[None]] = []
        self._warming: list[asyncio.Task[None]] = []

    def register(self, server: grpc.aio.Server) -> None:
        servicer = OrchestratorServicer(self._domain)  # pyright: ignore[reportAbstractUsage]
        rpc.add_OrchestratorServiceServicer_to_server(servicer, server)

    async def start(self) -> None:
        self._operations.observe()
        running = [
            self._feed.run(),
            *(follower.run() for follower in self._followers),
            self._positions.run(),
            self._supervisor.run(),
            self._chain_watch.run(),
            self._graphs.run(),
            self._session_table.run(),
            self._owners.run(),
            self._counts.run(),
            self._performance.run(),
        ]
        self._tasks = [asyncio.create_task(each) for each in running]
        self._warming = [asyncio.create_task(asyncio.to_thread(warm_up))]

    async def drain(self) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, *self._warming, return_exceptions=True)

    async def stop(self) -> None:
        await self._minds.close()
        self._positions.save()
        self._store.close()
        self._graph_store.close()
        self._session_store.close()
        self._owner_store.close()
        self._count_store.close()

    async def failed(self) -> BaseException:
        # A worker ends by itself only through a fault of ours, and must not be missed in silence.
        done, _ = await asyncio.wait(self._tasks, return_when=asyncio.FIRST_COMPLETED)
        for task in done:
            if not task.cancelled() and (error := task.exception()) is not None:
                return error
        return await super().failed()


SPEC = ServiceSpec(
    "orchestrator", OrchestratorSettings, OrchestratorService, default_port=50050, format_version=1
)
