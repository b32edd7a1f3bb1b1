// The two servers behind the page: the sandbox (/sandbox/…, see ../README.md) and the pocket bank (/bank/…).

export class Refusal extends Error {
  constructor(status, body) {
    super(body.says || body.error || `HTTP ${status}`);
    this.status = status;
    this.code = body.says ? body.error : body.code;
  }
}

async function ask(method, url, body) {
  const options = { method, headers: {} };
  if (body instanceof FormData) options.body = body;
  else if (body !== undefined) {
    options.headers["Content-Type"] = "application/json";
    options.body = JSON.stringify(body);
  }
  const answer = await fetch(url, options);
  const type = answer.headers.get("Content-Type") || "";
  const value = type.includes("json") ? await answer.json() : {};
  if (!answer.ok) throw new Refusal(answer.status, value);
  return value;
}

export const get = (url) => ask("GET", url);
export const post = (url, body = {}) => ask("POST", url, body);
export const patch = (url, body) => ask("PATCH", url, body);

/** What a person does: does(5001, "say", {text}). */
export const does = (person, verb, body) => post(`/sandbox/people/${person}/${verb}`, body);
