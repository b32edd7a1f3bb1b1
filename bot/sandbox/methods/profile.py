"""What the bot says about itself: name, descriptions, command menus, menu button, rights."""

from __future__ import annotations

import re
from typing import Any

from telegram.constants import BotCommandLimit, BotDescriptionLimit, BotNameLimit

from bot.sandbox.errors import bad
from bot.sandbox.keyboards import web_app_url
from bot.sandbox.methods.registry import Json, method
from bot.sandbox.params import Params, fields_of, whole
from bot.sandbox.people import Chat, Person
from bot.sandbox.world import World

_COMMAND = re.compile(rf"[a-z0-9_]{{1,{BotCommandLimit.MAX_COMMAND}}}")
_WITH_CHAT = {"chat", "chat_administrators", "chat_member"}
_SCOPES = {"default", "all_private_chats", "all_group_chats", "all_chat_administrators", *_WITH_CHAT}
_RIGHTS = (
    "is_anonymous", "can_manage_chat", "can_delete_messages", "can_manage_video_chats", "can_restrict_members",
    "can_promote_members", "can_change_info", "can_invite_users", "can_post_stories", "can_edit_stories",
    "can_delete_stories", "can_send_welcome_messages",
)  # fmt: skip


@method("getMe")
def get_me(world: World, params: Params) -> Json:
    return {
        **world.bot.wire(),
        "can_join_groups": True,
        "can_read_all_group_messages": not world.privacy,
        "supports_inline_queries": True,
        "can_connect_to_business": False,
        "has_main_web_app": False,
    }


# -- commands


def _scope(world: World, params: Params) -> tuple[str, int, int, str]:
    """Scope type, chat, user, language. Raises ApiError 400."""
    scope = params.json("scope") or {"type": "default"}
    kind = str(scope.get("type", "")) if isinstance(scope, dict) else ""
    if kind not in _SCOPES:
        raise bad("Unsupported type specified" if kind else "Can't parse BotCommandScope")
    language = params.text("language_code")
    if language and not re.fullmatch(r"[a-z]{2}", language):
        raise bad("Invalid language code specified")
    chat_id = scope.get("chat_id") if kind in _WITH_CHAT else 0
    if kind in _WITH_CHAT and not (str(chat_id).lstrip("-").isdigit() and int(str(chat_id)) in world.chats):
        raise bad("Chat not found" if chat_id else "chat_id is empty")
    user_id = whole(scope.get("user_id")) if kind == "chat_member" else 0
    if kind == "chat_member" and user_id not in world.people:
        raise bad("PARTICIPANT_ID_INVALID")
    return kind, int(chat_id or 0), user_id, language


@method("setMyCommands")
def set_my_commands(world: World, params: Params) -> bool:
    commands = params.json("commands")
    if not isinstance(commands, list):
        raise bad("Commands must be an Array")
    if len(commands) > BotCommandLimit.MAX_COMMAND_NUMBER:
        raise bad("BOT_COMMANDS_TOO_MUCH")
    checked = [_command(command) for command in commands]
    world.profile.commands[_scope(world, params)] = checked
    world.events.add("commands")
    return True


def _command(given: Any) -> Json:
    if not isinstance(given, dict):
        raise bad("Expected an object as BotCommand")
    name = str(given.get("command", "")).removeprefix("/").strip()
    description = str(given.get("description", "")).strip()
    if not _COMMAND.fullmatch(name):
        raise bad("BOT_COMMAND_INVALID")
    if not 1 <= len(description) <= BotCommandLimit.MAX_DESCRIPTION:
        raise bad("BOT_COMMAND_DESCRIPTION_INVALID")
    return {"command": name, "description": description}


@method("getMyCommands")
def get_my_commands(world: World, params: Params) -> list[Json]:
    return world.profile.commands.get(_scope(world, params), [])


@method("deleteMyCommands")
def delete_my_commands(world: World, params: Params) -> bool:
    world.profile.commands.pop(_scope(world, params), None)
    world.events.add("commands")
    return True


def menu_for(world: World, person: Person, chat: Chat) -> list[Json]:
    """The commands this person sees in this chat: the narrowest scope first, each in their language, then in none."""
    if chat.private:
        order = [("chat", chat.id, 0), ("all_private_chats", 0, 0), ("default", 0, 0)]
    else:
        admin = person.id in chat.admins
        order = [("chat_member", chat.id, person.id)]
        order += [("chat_administrators", chat.id, 0)] if admin else []
        order += [("chat", chat.id, 0)]
        order += [("all_chat_administrators", 0, 0)] if admin else []
        order += [("all_group_chats", 0, 0), ("default", 0, 0)]
    language = (person.language_code or "")[:2]
    for kind, chat_id, user_id in order:
        for code in (language, ""):
            found = world.profile.commands.get((kind, chat_id, user_id, code))
            if found:
                return found
    return []


# -- texts


def _set_text(world: World, params: Params, field: str, limit: int) -> bool:
    text = params.text(field)
    if len(text) > limit:
        raise bad(f"Bot {field.replace('_', ' ')} is too long")
    world.profile.texts[field, params.text("language_code")] = text
    if field == "name" and text and not params.has("language_code"):
        world.bot.first_name = text
        world.events.add("person", world.bot)
    return True


def _get_text(world: World, params: Params, field: str, default: str = "") -> Json:
    texts = world.profile.texts
    return {field: texts.get((field, params.text("language_code"))) or texts.get((field, "")) or default}


@method("setMyName")
def set_my_name(world: World, params: Params) -> bool:
    return _set_text(world, params, "name", int(BotNameLimit.MAX_NAME_LENGTH))


@method("getMyName")
def get_my_name(world: World, params: Params) -> Json:
    return _get_text(world, params, "name", world.bot.first_name)


@method("setMyDescription")
def set_my_description(world: World, params: Params) -> bool:
    return _set_text(world, params, "description", int(BotDescriptionLimit.MAX_DESCRIPTION_LENGTH))


@method("getMyDescription")
def get_my_description(world: World, params: Params) -> Json:
    return _get_text(world, params, "description")


@method("setMyShortDescription")
def set_my_short_description(world: World, params: Params) -> bool:
    return _set_text(world, params, "short_description", int(BotDescriptionLimit.MAX_SHORT_DESCRIPTION_LENGTH))


@method("getMyShortDescription")
def get_my_short_description(world: World, params: Params) -> Json:
    return _get_text(world, params, "short_description")


# -- menu button and rights


@method("setChatMenuButton")
def set_chat_menu_button(world: World, params: Params) -> bool:
    chat_id = params.integer("chat_id")
    if chat_id and chat_id not in world.people:
        raise bad("Chat not found")
    button = params.json("menu_button") or {"type": "default"}
    kind = button.get("type") if isinstance(button, dict) else None
    if kind not in ("default", "commands", "web_app"):
        raise bad("Unsupported type of menu button specified")
    if kind == "web_app":
        url = web_app_url(str(fields_of(button.get("web_app")).get("url", "")))
        button = {"type": "web_app", "text": str(button.get("text", "")), "web_app": {"url": url}}
    world.profile.menu_buttons[chat_id] = button
    world.events.add("commands")
    return True


@method("getChatMenuButton")
def get_chat_menu_button(world: World, params: Params) -> Json:
    return menu_button_of(world, params.integer("chat_id"))


def menu_button_of(world: World, chat_id: int) -> Json:
    """The chat's own button, or the one for all; `commands` where nothing was set."""
    buttons = world.profile.menu_buttons
    own = buttons.get(chat_id, {"type": "default"})
    return own if own["type"] != "default" else buttons.get(0, {"type": "commands"})


@method("setMyDefaultAdministratorRights")
def set_my_default_administrator_rights(world: World, params: Params) -> bool:
    world.profile.rights[params.boolean("for_channels")] = fields_of(params.json("rights"))
    return True


@method("getMyDefaultAdministratorRights")
def get_my_default_administrator_rights(world: World, params: Params) -> Json:
    given = world.profile.rights.get(params.boolean("for_channels"), {})
    return {**dict.fromkeys(_RIGHTS, False), **given}
