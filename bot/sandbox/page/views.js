// Which part of the page is on a narrow screen, and the demo's clock: used by several parts.

import { post } from "./api.js";
import { toast } from "./dom.js";
import { readClock, tell } from "./store.js";
import { t } from "./words.js";

/** On a narrow screen one of people, chat, bank is shown. */
export function showView(view) {
  document.getElementById("app").dataset.view = view;
  tell("view");
}

/** Moves the demo's clock; false where there is no such clock. */
export async function skipTime(seconds) {
  try {
    await post("/demo/skip", { seconds, evenings: true });
  } catch {
    toast(t("no_skip"), "bad");
    return false;
  }
  await readClock();
  toast(t("skipped"));
  return true;
}
