"""Chats and who is in them."""

from __future__ import annotations

import secrets
from typing import Any

from bot.sandbox.errors import bad, forbidden
from bot.sandbox.methods.registry import Json, find_chat, find_person, method, writable_chat
from bot.sandbox.params import Params
from bot.sandbox.people import Chat, Person
from bot.sandbox.world import World

_ADMIN_CAN = (
    "can_manage_chat", "can_delete_messages", "can_manage_video_chats", "can_restrict_members", "can_change_info",
    "can_invite_users", "can_pin_messages", "can_post_stories", "can_edit_stories", "can_delete_stories",
    "can_send_welcome_messages",
)  # fmt: skip
_GIFTS = ("unlimited_gifts", "limited_gifts", "unique_gifts", "premium_subscription", "gifts_from_channels")


def member_wire(world: World, chat: Chat, person: Person) -> Json:
    """The Bot API's ChatMember."""
    user: Json = {"user": person.wire()}
    if person is world.bot:
        if not chat.bot_in:
            return {"status": "left", **user}
        return _administrator(user) if chat.bot_admin else {"status": "member", **user}
    if person.id not in chat.members:
        return {"status": "left", **user}
    if person.id in chat.admins[:1]:
        return {"status": "creator", **user, "is_anonymous": False}
    return _administrator(user) if person.id in chat.admins else {"status": "member", **user}


def _administrator(user: Json) -> Json:
    rights: dict[str, Any] = dict.fromkeys(_ADMIN_CAN, True)
    return {
        "status": "administrator", **user, **rights, "can_be_edited": False, "is_anonymous": False,
        "can_promote_members": False,
    }  # fmt: skip


def tell_membership(world: World, chat: Chat, by: Person, old: Json, new: Json) -> None:
    """The bot's own membership changed: `my_chat_member`."""
    body = {
        "chat": world.chat_wire(chat), "from": by.wire(), "date": int(world.clock()),
        "old_chat_member": old, "new_chat_member": new,
    }  # fmt: skip
    world.updates.push("my_chat_member", body, chat.id)


def tell_member(world: World, chat: Chat, by: Person, old: Json, new: Json) -> None:
    """Somebody else's membership changed: `chat_member`, for bots that ask for it and are administrators."""
    if chat.bot_admin and chat.bot_in:
        body = {
            "chat": world.chat_wire(chat), "from": by.wire(), "date": int(world.clock()),
            "old_chat_member": old, "new_chat_member": new,
        }  # fmt: skip
        world.updates.push("chat_member", body, chat.id)


@method("getChat")
def get_chat(world: World, params: Params) -> Json:
    chat = find_chat(world, params)
    full: Json = {
        **world.chat_wire(chat),
        "accent_color_id": abs(chat.id) % 7,
        "max_reaction_count": 11,
        "accepted_gift_types": dict.fromkeys(_GIFTS, False),
    }
    if chat.description:
        full["description"] = chat.description
    if chat.pinned:
        full["pinned_message"] = chat.posts[chat.pinned[-1]].wire
    if chat.private and world.people[chat.id].username:
        full["active_usernames"] = [world.people[chat.id].username]
    return full


@method("getChatMember")
def get_chat_member(world: World, params: Params) -> Json:
    chat = find_chat(world, params)
    person = find_person(world, params)
    if chat.private and person is world.bot:
        return {"status": "member", "user": person.wire()}
    return member_wire(world, chat, person)


@method("getChatAdministrators")
def get_chat_administrators(world: World, params: Params) -> list[Json]:
    chat = find_chat(world, params)
    if chat.private:
        raise bad("There are no administrators in the private chat")
    people = [world.people[user_id] for user_id in chat.admins if user_id in world.people]
    return [member_wire(world, chat, person) for person in [*people, *([world.bot] if chat.bot_admin else [])]]


@method("getChatMemberCount")
def get_chat_member_count(world: World, params: Params) -> int:
    chat = find_chat(world, params)
    return 2 if chat.private else len(chat.members) + chat.bot_in


@method("leaveChat")
def leave_chat(world: World, params: Params) -> bool:
    chat = find_chat(world, params)
    if chat.private:
        raise bad("Chat member status can't be changed in private chats")
    if not chat.bot_in:
        raise forbidden("bot is not a member of the supergroup chat")
    old = member_wire(world, chat, world.bot)
    chat.bot_in = chat.bot_admin = False
    world.post(chat, world.bot, {"left_chat_member": world.bot.wire()})
    tell_membership(world, chat, world.bot, old, member_wire(world, chat, world.bot))
    return True


# -- what an administrator may do


def _as_admin(world: World, params: Params) -> Chat:
    chat = writable_chat(world, params)
    if chat.private:
        raise bad("Method is available only for supergroups")
    if not chat.bot_admin:
        raise bad("Not enough rights")
    return chat


@method("setChatTitle")
def set_chat_title(world: World, params: Params) -> bool:
    chat = _as_admin(world, params)
    if not 1 <= len(params.text("title")) <= 128:
        raise bad("CHAT_TITLE_EMPTY")
    chat.title = params.text("title")
    world.post(chat, world.bot, {"new_chat_title": chat.title})
    world.events.add("chat", chat)
    return True


@method("setChatDescription")
def set_chat_description(world: World, params: Params) -> bool:
    chat = _as_admin(world, params)
    chat.description = params.text("description")[:255]
    return True


@method("banChatMember")
def ban_chat_member(world: World, params: Params) -> bool:
    chat = _as_admin(world, params)
    person = find_person(world, params)
    if person.id in chat.admins:
        raise bad("User is an administrator of the chat")
    remove_member(world, chat, person, world.bot)
    return True


@method("unbanChatMember")
def unban_chat_member(world: World, params: Params) -> bool:
    _as_admin(world, params)
    find_person(world, params)
    return True


def remove_member(world: World, chat: Chat, person: Person, by: Person) -> None:
    """Takes somebody out of a group, with its service message and update."""
    if person.id not in chat.members:
        return
    old = member_wire(world, chat, person)
    chat.members.remove(person.id)
    world.post(chat, by, {"left_chat_member": person.wire()})
    tell_member(world, chat, by, old, member_wire(world, chat, person))
    world.events.add("chat", chat)


def add_member(world: World, chat: Chat, person: Person, by: Person) -> None:
    """Puts somebody into a group, with its service message and update."""
    if person.id in chat.members:
        return
    old = member_wire(world, chat, person)
    chat.members.append(person.id)
    world.post(chat, by, {"new_chat_members": [person.wire()], "new_chat_member": person.wire()})
    tell_member(world, chat, by, old, member_wire(world, chat, person))
    world.events.add("chat", chat)


@method("exportChatInviteLink")
def export_chat_invite_link(world: World, params: Params) -> str:
    _as_admin(world, params)
    return f"https://t.me/+{secrets.token_urlsafe(12)}"


@method("createChatInviteLink")
def create_chat_invite_link(world: World, params: Params) -> Json:
    return {
        "invite_link": export_chat_invite_link(world, params),
        "creator": world.bot.wire(),
        "creates_join_request": params.boolean("creates_join_request"),
        "is_primary": False,
        "is_revoked": False,
    }


def set_bot(world: World, chat: Chat, *, bot_in: bool, bot_admin: bool, by: Person) -> None:
    """Puts the bot into a group or out of it, or makes it an administrator; it gets `my_chat_member`."""
    old = member_wire(world, chat, world.bot)
    chat.bot_in, chat.bot_admin = bot_in, bot_in and bot_admin
    new = member_wire(world, chat, world.bot)
    if old != new:
        tell_membership(world, chat, by, old, new)
        world.events.add("chat", chat)
