// Requests to the server, as whoever is logged in. The login lives in this variable alone.

let login = null;

export class Refused extends Error {
  constructor(status, text) {
    super(text);
    this.status = status;
  }
}

export function user() { return login?.user ?? null; }
export function setLogin(user, password) { login = user == null ? null : {user, password}; }
export function currentLogin() { return login; }

function basic({user, password}) {
  const bytes = new TextEncoder().encode(`${user}:${password}`);
  return 'Basic ' + btoa(String.fromCharCode(...bytes));
}

async function send(path, options, as) {
  const headers = {'X-Larder-Request': '1', ...options.headers};
  if (as) headers.Authorization = basic(as);
  const answer = await fetch(`api/v1/${path}`, {...options, headers, credentials: 'omit'});
  let body = null;
  try {
    body = await answer.json();
  } catch {
    // no JSON: the status says it
  }
  if (!answer.ok) throw new Refused(answer.status, body?.error ?? `status ${answer.status}`);
  return body;
}

export function get(path, as = login) { return send(path, {}, as); }

export function post(path, body, as = login) {
  return send(path, {
    method: 'POST', headers: {'Content-Type': 'application/json'}, body: JSON.stringify(body)
  }, as);
}
