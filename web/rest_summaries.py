"""REST of a conversation's summaries: a person's own words, written anew, taken away, done without."""

from quart import Quart, Response

from actors.messages.chat import RemoveSummary, SaveSummary, SetSummaries, WriteSummary
from web import requests
from web.ask_session import ask_session, own_conversation
from web.edge import Edge
from web.protocol.conversations import SummariesWanted, SummaryText
from web.rest_library import id_of


def add_summary_routes(app: Quart, edge: Edge) -> None:
    @app.put("/api/conversations/<conversation_id>/summaries")
    async def choose_summaries(conversation_id: str) -> Response:
        wanted = (await requests.body(SummariesWanted)).wanted
        conversation = await own_conversation(edge, conversation_id)
        await ask_session(edge, conversation, lambda to: SetSummaries(wanted, to))
        return Response(b"", 204)

    @app.post("/api/conversations/<conversation_id>/summaries")
    async def summarise(conversation_id: str) -> Response:
        conversation = await own_conversation(edge, conversation_id)
        await ask_session(edge, conversation, lambda to: WriteSummary(None, to))
        return Response(b"", 202)

    @app.put("/api/conversations/<conversation_id>/summaries/<message_id>")
    async def save_summary(conversation_id: str, message_id: str) -> Response:
        text = (await requests.body(SummaryText)).text
        conversation, message = await own_conversation(edge, conversation_id), id_of(message_id)
        await ask_session(edge, conversation, lambda to: SaveSummary(message, text, to))
        return Response(b"", 204)

    @app.post("/api/conversations/<conversation_id>/summaries/<message_id>")
    async def rewrite_summary(conversation_id: str, message_id: str) -> Response:
        conversation, message = await own_conversation(edge, conversation_id), id_of(message_id)
        await ask_session(edge, conversation, lambda to: WriteSummary(message, to))
        return Response(b"", 202)

    @app.delete("/api/conversations/<conversation_id>/summaries/<message_id>")
    async def remove_summary(conversation_id: str, message_id: str) -> Response:
        conversation, message = await own_conversation(edge, conversation_id), id_of(message_id)
        await ask_session(edge, conversation, lambda to: RemoveSummary(message, to))
        return Response(b"", 204)

    _ = choose_summaries, summarise, save_summary, rewrite_summary, remove_summary
