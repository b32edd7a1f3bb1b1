// The few lines of Telegram's Mini App protocol that this page needs. Telegram's own script is not loaded: it lies on a
// host that is neither ours nor in our content policy, and whoever could change it there could read every PIN typed here.

const launched = new URLSearchParams(location.hash.slice(1));

/** What Telegram signed of who opened the page; "" outside Telegram. The bot judges it, this page only carries it. */
export const initData = launched.get("tgWebAppData") || "";

/** Which client of Telegram's it is, as that says: android, ios, tdesktop, web, … */
export const client = launched.get("tgWebAppPlatform") || "";

/** Whether it can be closed from here: it stands in Telegram's own view, or in a frame of its web client. */
export const inTelegram = Boolean(window.TelegramWebviewProxy) || window.parent !== window || Boolean(window.external?.notify);

/** Tells the client something. There is nothing secret in it, so any frame around us may hear it. */
export function tellTelegram(type, data = {}) {
  if (window.TelegramWebviewProxy) window.TelegramWebviewProxy.postEvent(type, JSON.stringify(data));
  else if (window.parent !== window) window.parent.postMessage(JSON.stringify({ eventType: type, eventData: data }), "*");
  else if (window.external?.notify) window.external.notify(JSON.stringify({ eventType: type, eventData: data }));
}

const COLOURS = { bg_color: "--paper", secondary_bg_color: "--ground", text_color: "--ink", hint_color: "--soft",
  button_color: "--sea", button_text_color: "--on-sea", destructive_text_color: "--red" };

function paint(theme) {
  for (const [name, property] of Object.entries(COLOURS)) {
    if (/^#[0-9a-f]{6}$/i.test(theme?.[name] || "")) document.documentElement.style.setProperty(property, theme[name]);
  }
}

/** Takes on the client's colours, and says that the page is there. */
export function arrive() {
  try {
    paint(JSON.parse(launched.get("tgWebAppThemeParams") || "{}"));
  } catch { /* a client without colours: the page has its own */ }
  // Opened in a browser of its own, it leaves nothing in the address and the history.
  if (!inTelegram && initData) history.replaceState(null, "", location.pathname + location.search);
  tellTelegram("web_app_ready");
  tellTelegram("web_app_expand");
}
