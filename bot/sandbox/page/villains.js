// Two who mean harm, to be played: the thief, in whose hands a shopper's chat account is, and the forger, who sits in the group.
//
// data-testid: person-thief, villain (data-villain), trick-<kind>, trick-name, trick-account, trick-bot

import { does, patch, post } from "./api.js";
import { attempt } from "./actions.js";
import { h } from "./dom.js";
import { currentChat, me, on, state } from "./store.js";
import { showView } from "./views.js";
import { t } from "./words.js";

const TRICKS = ["payee", "amount", "two", "link", "old"];
const SHOP = "Sampan Dеmо Shор"; // four of these letters are Cyrillic
const BOT = "sampan_b0t";
const ACCOUNT = "DE89 3704 0044 0532 0130 00";

const forger = () => [...state.people.values()].find((person) => person.role === "forger");

/** The first shopper: whose account the thief has. Only where there is a forger is there a thief. */
export const victim = () => (forger() ? [...state.people.values()].find((person) => person.role === "shopper") : null);

/** What stands above the composer of one who means harm. */
export function startVillains() {
  const place = h("div.villain", { "data-testid": "villain", hidden: true });
  document.getElementById("composer").before(place);
  const draw = () => {
    const who = state.thief ? "thief" : me()?.role === "forger" ? "forger" : "";
    place.hidden = !who;
    place.dataset.villain = who;
    if (who === "thief") place.replaceChildren(h("b", {}, t("thief_is", { name: me().first_name })), h("span", {}, t("thief_tries", { name: me().first_name })));
    if (who === "forger") place.replaceChildren(...forgersBench());
  };
  on("chat", draw);
  on("people", draw);
}

function forgersBench() {
  if (currentChat()?.type === "private") return [h("b", {}, t("forger_is")), h("span", {}, t("forger_to_group"))];
  const trick = (name, onclick) => h("button.trick", { "data-testid": `trick-${name}`, onclick }, t(`trick_${name}`));
  const says = (text) => attempt(() => does(state.me, "say", { text, chat_id: state.chat }));
  const masked = me().first_name === SHOP;
  return [
    h("b", {}, t("forger_is")),
    h("div.tricks", {},
      TRICKS.map((kind) => trick(kind, () => attempt(() => post("/demo/forge", { person: state.me, chat_id: state.chat, kind })))),
      h("button.trick", { "data-testid": "trick-name", "aria-pressed": String(masked), onclick: () => rename(masked) }, t(masked ? "trick_unmask" : "trick_name")),
      trick("account", () => says(t("trick_account_says", { account: ACCOUNT }))),
      trick("bot", () => says(t("trick_bot_says", { bot: BOT })))),
  ];
}

const rename = (masked) => attempt(() => patch(`/sandbox/people/${state.me}`, { first_name: masked ? "Felix" : SHOP }));

/** Be the thief: the victim's chats, on another device, with another purse. */
export function playThief(bePerson) {
  bePerson(victim().id, { thief: true });
  showView("chat");
}
