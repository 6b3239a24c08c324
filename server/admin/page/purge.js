// The purge form, and the question before anything is purged.

import * as api from './api.js';

const $ = id => document.getElementById(id);
let pending = null;  // what the dialog asks about
let needsLogin = true;
let done = () => {};

export function setNeedsLogin(needed) { needsLogin = needed; }

function chosen() { return document.querySelector('input[name=what]:checked').value; }

function showFields() {
  const what = chosen();
  $('field-names').hidden = what !== 'keys' && what !== 'tags';
  $('names-label').textContent = what === 'tags' ? 'Tags, one a line' : 'Keys, one a line';
  $('field-pattern').hidden = what !== 'match';
  $('field-database').hidden = what !== 'keys' && what !== 'match';
  $('field-soft').hidden = what === 'all';
  $('purge-error').hidden = true;
}

function fail(id, text) {
  $(id).textContent = text;
  $(id).hidden = false;
}

// The request's body and how to ask for it, or what is missing.
function read() {
  const what = chosen();
  const body = {};
  const names = $('names').value.split('\n').filter(name => name !== '');
  if (what === 'all') {
    return {body: {all: true}, question: 'Remove every key of every database.', names: []};
  }
  if (what === 'match') {
    if ($('pattern').value === '') return {error: 'Give a pattern first.'};
    body.match = $('pattern').value;
  } else {
    if (names.length === 0) return {error: `Give at least one ${what === 'keys' ? 'key' : 'tag'} first.`};
    body[what] = names;
  }
  if (what !== 'tags' && Number($('database').value) > 0) body.database = Number($('database').value);
  if ($('soft').value !== '') body.soft = Number($('soft').value);
  const where = what === 'tags' ? '' : ` of database ${body.database ?? 0}`;
  const question = {
    keys: `Remove ${names.length === 1 ? 'this key' : `these ${names.length} keys`}${where}:`,
    tags: `Remove every entry that carries ${names.length === 1 ? 'this tag' : 'one of these tags'}:`,
    match: `Remove every key${where} that matches this pattern:`
  }[what];
  return {body, question, names: what === 'match' ? [body.match] : names};
}

// Asks, and purges where the answer is yes. `names` are shown as they are.
export function ask({body, question, names}) {
  pending = body;
  $('confirm-text').textContent = question;
  $('confirm-names').hidden = names.length === 0;
  $('confirm-names').replaceChildren(...names.slice(0, 100).map(name => {
    const item = document.createElement('li');
    item.className = 'mono';
    item.textContent = name;
    return item;
  }));
  $('confirm-note').textContent = body.soft
      ? `For ${body.soft} s more the old copies may be served as stale.`
      : 'This cannot be undone.';
  $('confirm-login').hidden = !needsLogin;
  $('confirm-password').value = '';
  if (api.user()) $('confirm-user').value = api.user();
  $('confirm-error').hidden = true;
  $('confirm-dialog').showModal();
  if (needsLogin) $('confirm-password').focus();
}

function resultText(purged) {
  if (purged == null) return 'Purged.';
  return `Purged: ${purged === 1 ? '1 entry is' : `${purged} entries are`} gone.`;
}

async function purge(event) {
  event.preventDefault();
  const as = needsLogin
      ? {user: $('confirm-user').value || 'default', password: $('confirm-password').value}
      : api.currentLogin();
  $('confirm-submit').disabled = true;
  try {
    const {purged} = await api.post('purge', pending, as);
    $('confirm-dialog').close();
    done(resultText(purged));
  } catch (error) {
    const text = {
      401: `Wrong user or password: nothing was purged. (${error.message})`,
      403: `This user may not do that: nothing was purged. (${error.message})`,
      501: `This server cannot do that: nothing was purged. (${error.message})`
    }[error.status];
    fail('confirm-error', text ?? `Nothing was purged: ${error.message}`);
  } finally {
    $('confirm-submit').disabled = false;
    $('confirm-password').value = '';
  }
}

export function start(whenDone) {
  done = whenDone;
  for (const radio of document.querySelectorAll('input[name=what]')) {
    radio.addEventListener('change', showFields);
  }
  $('purge-form').addEventListener('submit', event => {
    event.preventDefault();
    const plan = read();
    if (plan.error) return fail('purge-error', plan.error);
    $('purge-error').hidden = true;
    ask(plan);
  });
  $('confirm-form').addEventListener('submit', purge);
  $('confirm-dialog').addEventListener('close', () => { pending = null; });
  showFields();
}
