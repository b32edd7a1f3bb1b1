"""How the page and the tests see the world: the shapes of README.md, made when somebody reads."""

from __future__ import annotations

from typing import Any

from bot.sandbox.amounts import amount_text, exponent
from bot.sandbox.events import Call, Event
from bot.sandbox.people import Chat, Person, Post, initials
from bot.sandbox.render import to_html
from bot.sandbox.world import World

Json = dict[str, Any]

_KINDS = (
    "text", "photo", "animation", "document", "video", "audio", "voice", "video_note", "sticker", "venue", "location",
    "contact", "dice", "poll", "invoice",
)  # fmt: skip
_WITH_FILE = {"photo", "animation", "document", "video", "audio", "voice", "video_note", "sticker"}
_BUTTONS = {
    "callback_data": "callback", "url": "url", "web_app": "web_app", "copy_text": "copy", "pay": "pay",
    "switch_inline_query": "switch_inline", "switch_inline_query_current_chat": "switch_inline_here",
    "switch_inline_query_chosen_chat": "switch_inline", "callback_game": "game",
}  # fmt: skip


def message(world: World, post: Post) -> Json:
    """The control API's Message."""
    wire = post.wire
    kind = next((name for name in _KINDS if name in wire), "service")
    text = service_text(world, wire) if kind == "service" else str(wire.get("text") or wire.get("caption") or "")
    entities = wire.get("entities") or wire.get("caption_entities") or []
    sender = wire.get("from", {}).get("id")
    person = world.bot if sender == world.bot.id or wire.get("from", {}).get("is_bot") else world.people.get(sender)
    chat = world.chats.get(post.chat_id)
    origin = wire.get("forward_origin")
    return {
        "chat_id": post.chat_id,
        "message_id": post.message_id,
        "date": wire["date"],
        "edit_date": wire.get("edit_date"),
        "deleted": post.deleted,
        "revision": post.revision,
        "from": person.view() if person else None,
        "out": bool(wire.get("from", {}).get("is_bot")),
        "via_bot": "via_bot" in wire,
        "inline_message_id": post.inline_message_id,
        "kind": kind,
        "text": text,
        "html": to_html(text, entities),
        "entities": entities,
        "caption_above": bool(wire.get("show_caption_above_media")),
        "media": _media(world, kind, wire) if kind in _WITH_FILE else None,
        "media_group_id": wire.get("media_group_id"),
        "reply_to": wire.get("reply_to_message", {}).get("message_id"),
        "forward_from": _origin_name(origin) if origin else None,
        "keyboard": [[button(b) for b in row] for row in wire["reply_markup"]["inline_keyboard"]]
        if "reply_markup" in wire
        else None,
        "reply_keyboard": _reply_keyboard(post.reply_keyboard),
        "invoice": invoice(world, post.invoice, paid=post.paid) if post.invoice else None,
        "payment": _payment(wire.get("successful_payment")),
        "reactions": _reactions(post),
        "pinned": bool(chat and post.message_id in chat.pinned),
        "protected": bool(wire.get("has_protected_content")),
        "details": {name: wire[name] for name in ("contact", "location", "venue", "dice", "poll") if name in wire},
    }


def button(wire: Json) -> Json:
    """The control API's Button."""
    name = next((field for field in _BUTTONS if field in wire), "url")
    value = wire.get(name, "")
    if isinstance(value, dict):
        value = value.get("url") or value.get("text") or value.get("query") or ""
    return {
        "label": wire["text"],
        "kind": _BUTTONS[name],
        "value": "" if name == "pay" else value,
        "style": wire.get("style"),
    }


def _media(world: World, kind: str, wire: Json) -> Json | None:
    found = wire[kind][-1] if kind == "photo" else wire[kind]
    stored = world.files.by_id.get(found["file_id"])
    if stored is None:
        return None
    return {
        "url": f"/sandbox/files/{stored.unique_id}/{stored.path.rsplit('/', 1)[-1]}",
        "file_id": stored.file_id,
        "file_name": stored.name or None,
        "mime_type": stored.mime,
        "size": stored.size,
        "width": stored.width or None,
        "height": stored.height or None,
        "spoiler": bool(wire.get("has_media_spoiler")),
    }


def _origin_name(origin: Json) -> str:
    user = origin.get("sender_user")
    return str(user["first_name"] if user else origin.get("sender_user_name", "?"))


def _reply_keyboard(markup: Json | None) -> Json | None:
    if markup is None:
        return None
    if markup.get("remove_keyboard"):
        return {"remove": True}
    if markup.get("force_reply"):
        return {"force_reply": True, "placeholder": markup.get("input_field_placeholder")}
    asked = {"request_contact": "contact", "request_location": "location", "web_app": "web_app"}
    rows = [
        [{"label": b["text"], "request": next((asked[name] for name in asked if b.get(name)), None)} for b in row]
        for row in markup["keyboard"]
    ]
    return {
        "rows": rows,
        "placeholder": markup.get("input_field_placeholder"),
        "one_time": bool(markup.get("one_time_keyboard")),
    }


def invoice(world: World, terms: Json, *, paid: bool = False) -> Json:
    """The control API's invoice: what the page shows before paying."""
    return {
        "title": terms["title"],
        "description": terms["description"],
        "currency": terms["currency"],
        "total_amount": terms["total_amount"],
        "exponent": exponent(terms["currency"]),
        "paid": paid,
        "photo_url": terms.get("photo_url") or None,
        "slug": terms["slug"],
        "prices": terms["prices"],
        "needs_shipping": bool(terms.get("need_shipping_address")),
        "is_flexible": bool(terms.get("is_flexible")),
    }


def _payment(paid: Json | None) -> Json | None:
    if paid is None:
        return None
    return {name: paid[name] for name in ("currency", "total_amount", "invoice_payload", "telegram_payment_charge_id")}


def _reactions(post: Post) -> list[Json]:
    by_emoji: dict[str, list[int]] = {}
    for user_id, emoji in post.reactions:
        by_emoji.setdefault(emoji, []).append(user_id)
    return [{"emoji": emoji, "count": len(users), "mine_of": users} for emoji, users in by_emoji.items()]


def service_text(world: World, wire: Json) -> str:
    """The sentence a client shows for a service message."""
    who = wire.get("from", {}).get("first_name", "Somebody")
    if "successful_payment" in wire or "refunded_payment" in wire:
        paid = wire.get("successful_payment") or wire["refunded_payment"]
        done = "Paid" if "successful_payment" in wire else "Refunded"
        return f"{done} {amount_text(paid['total_amount'], paid['currency'])}"
    if "new_chat_members" in wire:
        return f"{', '.join(member['first_name'] for member in wire['new_chat_members'])} joined the group"
    if "left_chat_member" in wire:
        return f"{wire['left_chat_member']['first_name']} left the group"
    if "pinned_message" in wire:
        return f"{who} pinned a message"
    if "new_chat_title" in wire:
        return f"{who} named the group {wire['new_chat_title']}"
    if "web_app_data" in wire:
        return f"{who} sent data with {wire['web_app_data']['button_text']}"
    if "group_chat_created" in wire or "supergroup_chat_created" in wire:
        return f"{who} created the group"
    return "Service message"


def chat(world: World, place: Chat, *, with_last: bool = True) -> Json:
    """The control API's Chat."""
    title = world.people[place.id].name if place.private else place.title
    last = place.latest() if with_last else None
    pinned = place.posts.get(place.pinned[-1]) if place.pinned else None
    view: Json = {
        "id": place.id,
        "type": place.type,
        "title": title,
        "initials": initials(title),
        "colour": "#2a9d8f" if place.private else "#65aadd",
        "members": list(place.members),
        "bot_in": place.bot_in,
    }
    if with_last:
        view["last"] = message(world, last) if last else None
        view["pinned"] = message(world, pinned) if pinned else None
    return view


def event(world: World, happened: Event) -> Json:
    """The control API's Event."""
    about = happened.about
    base: Json = {"seq": happened.seq, "type": happened.type, "at": happened.at, **happened.fields}
    if happened.chat_id is not None:
        base["chat_id"] = happened.chat_id
    if happened.user_id is not None:
        base["user_id"] = happened.user_id
    if isinstance(about, Post):
        base["message"] = message(world, about)
    elif isinstance(about, Person):
        base["person"] = about.view()
    elif isinstance(about, Chat):
        base["chat"] = chat(world, about, with_last=False)
    elif isinstance(about, Call):
        base["call"] = about.view()
    return base


def visible(world: World, happened: Event, user_id: int) -> bool:
    """Whether this person can see it."""
    if happened.type == "call":
        return False
    if happened.user_id is not None:
        return happened.user_id == user_id
    if happened.chat_id is None:
        return True
    place = world.chats.get(happened.chat_id)
    return place is not None and user_id in place.members


def transcript(world: World, place: Chat) -> str:
    """The chat as plain text, one line a message: for people and grep."""
    lines = []
    for post in place.posts.values():
        shown = message(world, post)
        marks = "".join(f" [{word}]" for word in ("deleted",) if shown[word]) + (
            " [edited]" if shown["edit_date"] else ""
        )
        who = shown["from"]["name"] if shown["from"] else "*"
        kind = "" if shown["kind"] == "text" else f" ({shown['kind']})"
        keys = " ".join(f"[{b['label']}]" for row in shown["keyboard"] or [] for b in row)
        text = (shown["text"] or (shown["invoice"] or {}).get("title", "")).replace("\n", " / ")
        lines.append(f"{post.message_id} {who}{kind}{marks}: {text} {keys}".rstrip())
    return "\n".join(lines) + "\n"
