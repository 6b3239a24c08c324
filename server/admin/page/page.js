// The page: asks the server for figures and shows them.

import * as api from './api.js';
import {Chart} from './chart.js';
import {bytes, clock, count, duration, micros, moment, percent, rate} from './format.js';
import * as purge from './purge.js';
import * as tables from './tables.js';

const $ = id => document.getElementById(id);
const statsEvery = 2000;
const historyEvery = 5000;
const listsEvery = 10000;

let charts = [];
let samples = [];
let settings = [];
let lastHot = null;
let askedForLogin = false;

function setText(id, text) { $(id).textContent = text; }

function say(text, bad = false) {
  setText('message', text);
  $('message').className = bad ? 'message bad' : 'message';
  $('message').hidden = false;
}

function ratio(sample) {
  const lookups = sample.hits + sample.misses;
  return lookups > 0 ? sample.hits / lookups : null;
}

function makeCharts() {
  const make = options => new Chart($('charts'), options);
  charts = [
    make({title: 'Hit ratio', note: 'Of the keys that were looked up, how many were there.',
          series: [{name: 'hits', ink: 'one', value: ratio, area: true}], format: percent, most: 1}),
    make({title: 'Memory', note: 'What is used, and the cap that is held by evicting.',
          series: [{name: 'used', ink: 'one', value: s => s.used_bytes, area: true},
                   {name: 'cap', ink: 'limit', value: s => s.limit_bytes || null}],
          format: bytes, binary: true}),
    make({title: 'Removed keys', note: 'A second: evicted for lack of room, expired at the end of their time.',
          series: [{name: 'evicted', ink: 'two', value: s => s.evicted},
                   {name: 'expired', ink: 'one', value: s => s.expired}], format: rate}),
    make({title: 'Operations', note: 'Commands a second.',
          series: [{name: 'commands', ink: 'one', value: s => s.commands, area: true}], format: rate}),
    make({title: 'Latency', note: 'Time that commands took to run, without network and waiting.',
          series: [{name: '99.9 %', ink: 'three', value: s => s.p999_us},
                   {name: '99 %', ink: 'two', value: s => s.p99_us},
                   {name: 'half', ink: 'one', value: s => s.p50_us}], format: micros}),
    make({title: 'Network', note: 'Bytes a second from and to clients.',
          series: [{name: 'in', ink: 'one', value: s => s.input_bytes},
                   {name: 'out', ink: 'two', value: s => s.output_bytes}],
          format: bytes, binary: true})
  ];
}

function showMemory({used_bytes: used, limit_bytes: limit, policy}) {
  setText('tile-memory', bytes(used));
  const share = limit > 0 ? used / limit : null;
  setText('tile-memory-note',
          share == null ? 'no cap (maxmemory 0)' : `${percent(share)} of ${bytes(limit)}, ${policy}`);
  $('meter').hidden = share == null;
  $('meter').setAttribute('aria-valuenow', Math.round((share ?? 0) * 100));
  $('meter').classList.toggle('full', share > 0.95);
  $('meter-bar').style.width = `${Math.min(100, (share ?? 0) * 100)}%`;
}

function showStats(stats) {
  setText('version', `${stats.version} · speaks Redis ${stats.redis_version}`);
  setText('state', `up ${duration(stats.uptime_seconds)}, ${stats.workers} worker${stats.workers === 1 ? '' : 's'}`);
  $('state').className = 'state live';
  const recent = samples.slice(-60).reduce(
      (sum, s) => ({hits: sum.hits + s.hits, misses: sum.misses + s.misses}), {hits: 0, misses: 0});
  const recentRatio = ratio(recent);
  const ever = stats.keyspace.hit_ratio;
  setText('tile-ratio', percent(recentRatio ?? ever));
  setText('tile-ratio-note', recentRatio != null ? `last 5 min; ${percent(ever)} since the start`
                                                 : 'of lookups found their key');
  showMemory(stats.memory);
  setText('tile-operations', rate(stats.commands.per_second));
  const latest = samples.findLast(s => s.p99_us != null);
  setText('tile-latency', micros(latest?.p99_us));
  setText('tile-keys', count(stats.keyspace.keys));
  setText('tile-keys-note',
          `${count(stats.keyspace.evicted)} evicted, ${count(stats.keyspace.expired)} expired`);
  setText('tile-clients', count(stats.clients.connected));
  setText('tile-clients-note', `of ${count(stats.clients.max)}; ${count(stats.clients.rejected)} turned away`);
  purge.setNeedsLogin(stats.login_needed);
  $('login-open').hidden = api.user() != null || !stats.login_needed;
}

function lost(error) {
  if (error instanceof api.Refused) {
    $('state').className = 'state';
    setText('state', error.status === 401 ? 'log in to see the figures' : error.message);
    if (error.status === 401 && api.user() != null) {  // the password was changed, say
      api.setLogin(null);
      showWho();
    }
    if (error.status !== 401) return;
    $('login-open').hidden = false;
    if (!askedForLogin && !document.querySelector('dialog[open]')) openLogin();
  } else {
    $('state').className = 'state lost';
    setText('state', `no answer since ${clock(Date.now())}; trying again`);
  }
}

function flushButton(cache) {
  const button = document.createElement('button');
  button.type = 'button';
  button.className = 'danger';
  button.textContent = 'Flush …';
  button.dataset.name = cache.name;
  button.setAttribute('aria-label', `Flush the cache ${cache.name}`);
  button.addEventListener('click', () => purge.ask({
    body: {namespace: cache.name}, question: 'Remove every key of this cache:', names: [cache.name]
  }));
  return button;
}

function showCaches({namespaces}) {
  $('caches-none').hidden = namespaces.length > 0;
  if (namespaces.length === 0) return $('caches-table').replaceChildren();
  tables.show($('caches-table'), [
    {title: 'Name', value: c => c.name, kind: 'mono'},
    {title: 'Prefix', value: c => c.prefix, kind: 'mono'},
    {title: 'Keys', value: c => c.complete ? count(c.items) : `${count(c.items)}, counting …`, kind: 'number'},
    {title: 'Size', value: c => bytes(c.bytes), kind: 'number'},
    {title: 'Quota', value: c => c.limit_bytes ? bytes(c.limit_bytes) : 'none', kind: 'number'},
    {title: 'Hit ratio', value: c => percent(ratio(c)), kind: 'number'},
    {title: 'Stale hits', value: c => count(c.stale_hits), kind: 'number'},
    {title: 'Evicted', value: c => count(c.evictions), kind: 'number'},
    {title: '99 of 100 in', value: c => c.p99_us === null ? '–' : micros(c.p99_us), kind: 'number'},
    {title: '', value: flushButton}
  ], namespaces, '');
}

function showKeys({recent, hot, big}) {
  lastHot = hot;
  tables.show($('hot-recent'), [
    {title: 'Key', value: k => tables.cut(k.key), kind: 'mono'},
    {title: 'Commands/s', value: k => count(k.per_second), kind: 'number'}
  ], recent ?? [], recent ? 'No key stands out.' : 'Your user may not run CACHE.HOT.');
  const never = 'Not measured yet: “Measure” watches all commands for 30 seconds.';
  const shares = (list, unit, all, format) => ({
    columns: [{title: 'Key', value: k => tables.cut(k.key), kind: 'mono'},
              {title: 'Share', value: k => all > 0 ? percent(k[unit] / all) : '–', kind: 'number'},
              {title: unit === 'bytes' ? 'Traffic' : 'Time', value: k => format(k[unit]), kind: 'number'}],
    rows: list ?? []
  });
  const quiet = hot?.active ? 'Nothing so far.' : 'No command with a key ran meanwhile.';
  const cpu = shares(hot?.by_cpu, 'microseconds', hot?.all_microseconds, micros);
  tables.show($('hot-cpu'), cpu.columns, cpu.rows, hot ? quiet : never);
  const network = shares(hot?.by_network, 'bytes', hot?.all_bytes, bytes);
  tables.show($('hot-network'), network.columns, network.rows, hot ? quiet : never);
  $('hot-start').disabled = hot?.active ?? false;
  setText('hot-state', hot?.active ? `measuring, ${Math.round(hot.seconds)} s so far …`
                       : hot ? `measured for ${Math.round(hot.seconds)} s` : '');
  tables.show($('big'), [
    {title: 'Key', value: k => tables.cut(k.key), kind: 'mono'},
    {title: 'Type', value: k => k.database > 0 ? `${k.type}, db ${k.database}` : k.type},
    {title: 'Size', value: k => bytes(k.bytes), kind: 'number'}
  ], big.keys, 'There are no keys.');
  if (big.looked_at > 0) {
    const note = document.createElement('p');
    note.className = 'quiet';
    note.textContent = `The biggest of ${count(big.looked_at)} keys drawn at random.`;
    $('big').append(note);
  }
}

function showSlow({slower_than_us: threshold, commands}) {
  setText('slow-note', threshold < 0
      ? 'Not kept: slowlog-log-slower-than is negative.'
      : `The latest that took more than ${micros(threshold)} (slowlog-log-slower-than).`);
  tables.show($('slow-table'), [
    {title: 'When', value: c => moment(c.time), kind: 'number'},
    {title: 'Took', value: c => micros(c.microseconds), kind: 'number'},
    {title: 'Command', value: c => tables.cut(c.words.join(' '), 80), kind: 'mono'},
    {title: 'Client', value: c => c.name ? `${c.client} ${c.name}` : c.client, kind: 'mono'}
  ], commands, 'None: all commands were faster.');
}

function showClients({count: all, clients}) {
  setText('clients-note', all > clients.length ? `The first ${clients.length} of ${count(all)}.` : '');
  tables.show($('clients-table'), [
    {title: 'Address', value: c => c.addr, kind: 'mono'},
    {title: 'Name', value: c => c.name, kind: 'mono'},
    {title: 'User', value: c => c.user, kind: 'mono'},
    {title: 'Library', value: c => [c['lib-name'], c['lib-ver']].filter(Boolean).join(' ')},
    {title: 'Last command', value: c => c.cmd, kind: 'mono'},
    {title: 'Connected', value: c => duration(Number(c.age)), kind: 'number'},
    {title: 'Idle', value: c => duration(Number(c.idle)), kind: 'number'},
    {title: 'Memory', value: c => bytes(Number(c['tot-mem'])), kind: 'number'}
  ], clients, 'Nobody is connected.');
}

function showSettings() {
  const wanted = $('settings-filter').value.toLowerCase();
  const changed = $('settings-changed').checked;
  const rows = settings.filter(s => s.name.includes(wanted) && (!changed || s.changed));
  tables.show($('settings-table'), [
    {title: 'Name', value: s => s.name, kind: 'mono'},
    {title: 'Value', value: s => tables.cut(s.value), kind: 'mono'},
    {title: 'What it is', value: s => s.documentation ?? '', kind: 'text'}
  ], rows, wanted ? 'None with that name.' : 'All settings have their defaults.');
}

// Shows what a path answers, or why it does not.
async function load(path, show, ...places) {
  try {
    show(await api.get(path));
  } catch (error) {
    const text = error.status === 401 ? 'Log in to see this.' : error.message;
    for (const place of places) tables.note($(place), text);
  }
}

const loadKeys = () => load('hot', showKeys, 'hot-recent', 'hot-cpu', 'hot-network', 'big');

function loadLists() {
  load('namespaces', showCaches, 'caches-table');
  load('slowlog', showSlow, 'slow-table');
  load('clients', showClients, 'clients-table');
  load('config', ({settings: all}) => {
    settings = all;
    showSettings();
  }, 'settings-table');
  if (lastHot?.active) loadKeys();
}

async function loadStats() {
  try {
    showStats(await api.get('stats'));
  } catch (error) {
    lost(error);
  }
}

async function loadHistory() {
  try {
    samples = (await api.get('history')).samples;
    for (const chart of charts) chart.show(samples);
  } catch {
    // loadStats says so
  }
}

// Calls again and again, one at a time, while the page is seen and there is something to ask.
function repeat(load, every) {
  const again = async () => {
    if (!document.hidden) await load();
    setTimeout(again, every);
  };
  again();
}

function openLogin() {
  askedForLogin = true;
  $('login-error').hidden = true;
  $('login-password').value = '';
  $('login-dialog').showModal();
  $('login-password').focus();
}

async function logIn(event) {
  event.preventDefault();
  const as = {user: $('login-user').value, password: $('login-password').value};
  try {
    await api.get('stats', as);
  } catch (error) {
    if (error.status !== 403) {
      setText('login-error', error.status === 401 ? `Wrong user or password. (${error.message})` : error.message);
      $('login-error').hidden = false;
      $('login-password').value = '';
      return;
    }
  }
  api.setLogin(as.user, as.password);
  $('login-dialog').close();
  showWho();
  loadAll();
}

function showWho() {
  setText('who', api.user() ?? '');
  $('logout').hidden = api.user() == null;
  $('login-open').hidden = api.user() != null;
}

function loadAll() {
  loadHistory().then(loadStats);
  loadLists();
  loadKeys();
}

async function measure() {
  try {
    await api.post('hot', {seconds: 30});
  } catch (error) {
    say(error.message, true);
  }
  loadKeys();
}

function start() {
  makeCharts();
  purge.start(text => {
    say(text);
    loadAll();
  });
  $('login-open').addEventListener('click', openLogin);
  $('login-form').addEventListener('submit', logIn);
  $('logout').addEventListener('click', () => {
    api.setLogin(null);
    location.reload();
  });
  for (const button of document.querySelectorAll('[data-close]')) {
    button.addEventListener('click', () => button.closest('dialog').close());
  }
  $('hot-start').addEventListener('click', measure);
  $('keys-again').addEventListener('click', loadKeys);
  $('settings-filter').addEventListener('input', showSettings);
  $('settings-changed').addEventListener('change', showSettings);
  loadKeys();
  repeat(loadStats, statsEvery);
  repeat(loadHistory, historyEvery);
  repeat(loadLists, listsEvery);
}

start();
