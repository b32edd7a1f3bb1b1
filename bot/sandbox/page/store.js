// What the page knows: people, chats, messages, unread counts, who one is. Changes are told to listeners by topic.

import { get } from "./api.js";
import { setLanguage } from "./words.js";

export const state = {
  bot: null,
  people: new Map(), // id -> Person
  chats: new Map(), // id -> Chat
  messages: new Map(), // chat id -> Map(message id -> Message)
  read: JSON.parse(localStorage.getItem("sampan.read") || "{}"), // "person/chat" -> last message id seen
  typing: new Map(), // chat id -> {action, until}
  me: null, // person id
  thief: false, // one has the chat account of `me` and is not that person
  chat: null, // chat id on the screen
  seq: 0,
  drift: 0, // the sandbox's clock minus this computer's, in seconds
  connected: false, // the bot has called
};

const listeners = new Map();

/** Topics: people, chats, chat (another one on the screen), message, typing, commands, clock, connection, money. */
export function on(topic, listener) {
  listeners.set(topic, [...(listeners.get(topic) || []), listener]);
}

export function tell(topic, value) {
  for (const listener of listeners.get(topic) || []) listener(value);
}

export const now = () => Date.now() / 1000 + state.drift;
export const me = () => state.people.get(state.me);
/** Whose accounts there are at the bank: a thief of a chat account has no more than their own. */
export const payer = () => (state.thief ? { id: 9_000_000_000 + state.me, name: "Somebody else" } : { id: state.me, name: me().name });
export const currentChat = () => state.chats.get(state.chat);
export const chatsOf = (person) => [...state.chats.values()]
  .filter((chat) => chat.id === person || (chat.type !== "private" && chat.members.includes(person)))
  .sort((a, b) => (a.type === "private" ? -1 : b.type === "private" ? 1 : a.id - b.id));
export const messagesOf = (chat) => state.messages.get(chat) || new Map();

export async function readClock() {
  const answer = await get("/sandbox/state");
  state.drift = answer.now - Date.now() / 1000;
  state.connected = answer.token_seen;
  tell("clock");
  tell("connection");
}

/** Reads everything anew: at the start and after a reset. */
export async function loadAll() {
  const answer = await get("/sandbox/state");
  state.bot = answer.bot;
  state.drift = answer.now - Date.now() / 1000;
  state.connected = answer.token_seen;
  state.people = new Map(answer.people.map((person) => [person.id, person]));
  state.chats = new Map(answer.chats.map((chat) => [chat.id, chat]));
  state.seq = answer.seq;
  const pages = await Promise.all(answer.chats.map((chat) => get(`/sandbox/chats/${chat.id}/messages?limit=500`)));
  state.messages = new Map(answer.chats.map((chat, i) => [chat.id, byId(pages[i].messages)]));
  const last = Math.max(0, ...[...state.messages.values()].flatMap((page) => [...page.keys()]));
  for (const key of Object.keys(state.read)) if (state.read[key] > last) delete state.read[key]; // another sandbox
}

const byId = (list) => new Map(list.map((message) => [message.message_id, message]));

export async function loadChat(chat) {
  const page = await get(`/sandbox/chats/${chat}/messages?limit=500`);
  state.messages.set(chat, byId(page.messages));
}

/** Be somebody; as a `thief` with that person's chats, on another device. */
export function bePerson(id, { thief = false } = {}) {
  state.me = id;
  state.thief = thief;
  localStorage.setItem("sampan.me", id);
  setLanguage(me().language_code);
  const chats = chatsOf(id);
  const kept = chats.find((chat) => chat.id === state.chat && chat.type !== "private");
  openChat((kept || chats[0]).id);
  tell("people");
  tell("money");
}

export function openChat(id) {
  state.chat = id;
  markRead();
  tell("chat");
  tell("chats");
}

/** What the person on the screen sees is read. */
export function markRead() {
  if (!state.me || !state.chat || document.hidden) return;
  const last = Math.max(0, ...messagesOf(state.chat).keys());
  const key = `${state.me}/${state.chat}`;
  if ((state.read[key] || 0) >= last) return;
  state.read[key] = last;
  localStorage.setItem("sampan.read", JSON.stringify(state.read));
  tell("people");
  tell("chats");
}

export function unread(person, chat) {
  const seen = state.read[`${person}/${chat}`] || 0;
  let count = 0;
  for (const message of messagesOf(chat).values()) {
    if (message.message_id > seen && !message.deleted && message.from?.id !== person && message.kind !== "service") count += 1;
  }
  return count;
}

export const unreadOf = (person) => chatsOf(person).reduce((sum, chat) => sum + unread(person, chat.id), 0);

/** One live event into the state. */
export async function take(event) {
  state.seq = Math.max(state.seq, event.seq || 0);
  if (event.type === "message" || event.type === "edited" || event.type === "deleted") takeMessage(event);
  else if (event.type === "typing") takeTyping(event);
  else if (event.type === "person") {
    state.people.set(event.person.id, event.person);
    if (event.person.id === state.me) setLanguage(event.person.language_code);
    tell("people");
    if (event.person.id === state.me) tell("chat");
  } else if (event.type === "chat") {
    if (!state.messages.has(event.chat.id)) await loadChat(event.chat.id);
    state.chats.set(event.chat.id, { ...state.chats.get(event.chat.id), ...event.chat });
    tell("chats");
    tell("people");
  } else if (event.type === "reset") {
    await loadAll();
    bePerson(state.people.has(state.me) ? state.me : [...state.people.keys()][0]);
  } else if (event.type === "call") {
    if (!state.connected) {
      state.connected = true;
      tell("connection");
    }
  } else tell(event.type, event);
}

function takeMessage(event) {
  const { message } = event;
  if (!state.messages.has(message.chat_id)) state.messages.set(message.chat_id, new Map());
  const page = state.messages.get(message.chat_id);
  const known = page.get(message.message_id);
  if (known && known.revision > message.revision) return;
  if (event.type === "deleted") page.delete(message.message_id);
  else page.set(message.message_id, message);
  const chat = state.chats.get(message.chat_id);
  if (chat && event.type === "message") chat.last = message;
  if (message.out) state.typing.delete(message.chat_id);
  tell("message", { ...event, isNew: !known });
  if (message.chat_id === state.chat) markRead();
  tell("chats");
  tell("people");
  if (message.out && message.chat_id === state.me) tell("money");
}

function takeTyping(event) {
  state.typing.set(event.chat_id, event.action);
  tell("typing");
  setTimeout(() => {
    state.typing.delete(event.chat_id);
    tell("typing");
  }, 5000);
}

/** Follows the sandbox's events until the page is closed; the browser reconnects by itself. */
export function follow() {
  const source = new EventSource(`/sandbox/events?after=${state.seq}`);
  let queue = Promise.resolve(); // one event after the other, also when taking one waits for the server
  source.onmessage = (frame) => {
    const event = JSON.parse(frame.data);
    queue = queue.then(() => take(event)).catch((fault) => tell("fault", fault));
  };
  let lost = false;
  source.onerror = () => {
    lost = true;
    tell("lost", true);
  };
  source.onopen = () => {
    tell("lost", false);
    if (lost) queue = queue.then(() => take({ type: "reset" })); // the sandbox may be another one by now
    lost = false;
  };
}
