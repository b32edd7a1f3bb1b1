// A Mini App as Telegram's client shows it: a frame the size of a phone, and the few messages it and the client exchange.

import { dialog, h, icon, toast } from "./dom.js";
import { state } from "./store.js";
import { t } from "./words.js";

// Without the first two a frame of another origin may not use passkeys; Telegram's clients differ in what they allow.
const MAY = "publickey-credentials-get *; publickey-credentials-create *; clipboard-write *";

const dark = () => matchMedia("(prefers-color-scheme: dark)").matches;

/** What a client calls its colours: https://core.telegram.org/bots/webapps#themeparams */
const theme = () => (dark()
  ? { bg_color: "#16231f", secondary_bg_color: "#0f1916", text_color: "#e6efec", hint_color: "#9db0aa", button_color: "#2bb3a3", button_text_color: "#06211d", destructive_text_color: "#ff8177" }
  : { bg_color: "#ffffff", secondary_bg_color: "#f0f5f2", text_color: "#14231f", hint_color: "#5f716c", button_color: "#0d7a70", button_text_color: "#ffffff", destructive_text_color: "#b3261e" });

/** Opens it until it is closed, by the person or by itself. `outside(url)` follows a link that it asks to have opened. */
export async function openApp(url, outside) {
  const origin = new URL(url).origin;
  if (state.thief) url = url.replace("tgWebAppPlatform=web", "tgWebAppPlatform=android"); // another device than the owner's
  const frame = h("iframe.app-frame", { src: url, title: "Mini App", allow: MAY, referrerPolicy: "no-referrer",
    sandbox: "allow-scripts allow-forms allow-same-origin", "data-testid": "app-frame",
    credentialless: state.thief }); // … and it has none of the storage that the owner's has
  let shut = () => {};
  const answer = (eventType, eventData) => frame.contentWindow.postMessage(JSON.stringify({ eventType, eventData }), origin);
  const heard = (event) => {
    if (event.source !== frame.contentWindow || event.origin !== origin || typeof event.data !== "string") return;
    let said;
    try {
      said = JSON.parse(event.data);
    } catch {
      return;
    }
    if (said.eventType === "web_app_close") shut(null);
    else if (said.eventType === "web_app_request_theme") answer("theme_changed", { theme_params: theme() });
    else if (said.eventType === "web_app_request_viewport") answer("viewport_changed", { height: frame.clientHeight, width: frame.clientWidth, is_expanded: true, is_state_stable: true });
    else if (said.eventType === "web_app_open_link" && /^https?:/i.test(said.eventData?.url || "")) outside(said.eventData.url);
    else if (said.eventType === "web_app_data_send") toast(t("app_data"));
  };
  window.addEventListener("message", heard);
  await dialog((close) => {
    shut = close;
    return h("div.app-phone", {},
      h("header.app-bar", {}, h("button.round", { "aria-label": t("close"), "data-testid": "app-close", onclick: () => close(null) }, icon("close", 20)),
        h("span.lines", {}, h("b", {}, state.bot.name), h("small", {}, t("mini_app")))),
      frame);
  }, { testid: "web-app", wide: true });
  window.removeEventListener("message", heard);
}
