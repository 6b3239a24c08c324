// Lines over the last hour, or what there is of it, as SVG. A chart has a title, a legend that shows the figures under the
// cursor (else the latest), and is moved in by pointer or arrow keys.

import {clock} from './format.js';

const space = 'http://www.w3.org/2000/svg';
const minute = 60 * 1000;
const spans = [5, 15, 30, 60];  // minutes: the first that holds all samples is shown
const marks = {5: [4, 3, 2, 1, 0], 15: [15, 10, 5, 0], 30: [30, 20, 10, 0], 60: [60, 45, 30, 15, 0]};
const height = 170;
const edge = {left: 58, right: 8, top: 10, bottom: 20};

function svg(name, attributes = {}, text = '') {
  const element = document.createElementNS(space, name);
  for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
  if (text) element.textContent = text;
  return element;
}

// The smallest of 1, 2, 2.5, 5 times a power of ten (or power of two, for bytes) that is not below.
function roundUp(value, binary) {
  if (value <= 0) return 1;
  const base = binary ? 2 : 10;
  const power = base ** Math.floor(Math.log(value) / Math.log(base));
  const steps = binary ? [1, 2] : [1, 2, 2.5, 5, 10];
  return power * steps.find(step => power * step >= value * 0.9999);
}

export class Chart {
  // `series`: [{name, ink, value(sample), area}]; `format` makes text of a value.
  constructor(parent, {title, note, series, format, most, binary}) {
    Object.assign(this, {title, series, format, most, binary, samples: [], at: null});
    this.box = document.createElement('div');
    this.box.className = 'chart';
    const heading = document.createElement('h3');
    heading.textContent = title;
    const explanation = document.createElement('p');
    explanation.className = 'quiet';
    explanation.textContent = note;
    this.legend = document.createElement('ul');
    this.legend.className = 'legend';
    this.picture = svg('svg', {role: 'img', tabindex: '0', height});
    this.box.append(heading, explanation, this.picture, this.legend);
    parent.append(this.box);
    this.picture.addEventListener('pointermove', event => this.point(event));
    this.picture.addEventListener('pointerleave', () => this.moveTo(null));
    this.picture.addEventListener('blur', () => this.moveTo(null));
    this.picture.addEventListener('keydown', event => this.key(event));
    new ResizeObserver(() => this.draw()).observe(this.box);
  }

  show(samples) {
    this.samples = samples;
    if (this.at != null && this.at >= samples.length) this.at = null;
    this.draw();
  }

  x(time) { return edge.left + (time - this.from) / (this.minutes * minute) * this.inner; }
  y(value) {
    return edge.top + (1 - Math.min(value / this.top, 1)) * (height - edge.top - edge.bottom);
  }

  draw() {
    const width = Math.max(this.picture.clientWidth, 200);
    const last = this.samples.at(-1);
    const end = last ? last.time : Date.now();
    const length = last ? (end - this.samples[0].time) / minute : 0;
    this.minutes = spans.find(minutes => minutes >= length) ?? spans.at(-1);
    this.from = end - this.minutes * minute;
    this.inner = width - edge.left - edge.right;
    let highest = 0;
    for (const sample of this.samples) {
      for (const line of this.series) highest = Math.max(highest, line.value(sample) ?? 0);
    }
    this.top = this.most ?? roundUp(highest, this.binary);
    this.picture.setAttribute('viewBox', `0 0 ${width} ${height}`);
    this.picture.replaceChildren(...this.frame(width));
    for (const line of this.series) this.drawLine(line);
    if (this.at != null) this.drawCursor();
    this.describe();
  }

  frame(width) {
    const parts = [];
    for (const share of [0, 0.5, 1]) {
      const y = this.y(this.top * share);
      parts.push(svg('line', {class: 'grid', x1: edge.left, x2: width - edge.right, y1: y, y2: y}));
      parts.push(svg('text', {x: edge.left - 6, y: y + 4, 'text-anchor': 'end'},
                     this.format(this.top * share).replace(/\.0\b/, '')));
    }
    for (const minutes of marks[this.minutes]) {
      const x = this.x(this.from + (this.minutes - minutes) * minute);
      const anchor = minutes === this.minutes ? 'start' : minutes === 0 ? 'end' : 'middle';
      parts.push(svg('text', {x, y: height - 5, 'text-anchor': anchor},
                     minutes === 0 ? 'now' : `−${minutes} min`));
    }
    return parts;
  }

  // Breaks where a value is missing.
  drawLine(line) {
    let path = '';
    let area = '';
    let run = [];
    const end = () => {
      if (run.length === 1) run.push([run[0][0] + 1, run[0][1]]);
      const points = run.map(([x, y]) => `${x.toFixed(1)},${y.toFixed(1)}`).join('L');
      if (run.length > 0) {
        path += `M${points}`;
        const bottom = this.y(0);
        area += `M${run[0][0].toFixed(1)},${bottom}L${points}L${run.at(-1)[0].toFixed(1)},${bottom}Z`;
      }
      run = [];
    };
    for (const sample of this.samples) {
      const value = line.value(sample);
      if (value == null) {
        end();
      } else {
        run.push([this.x(sample.time), this.y(value)]);
      }
    }
    end();
    if (line.area) this.picture.append(svg('path', {class: `area ink-${line.ink}`, d: area}));
    this.picture.append(svg('path', {class: `ink-${line.ink}`, d: path}));
  }

  drawCursor() {
    const sample = this.samples[this.at];
    const x = this.x(sample.time);
    this.picture.append(
        svg('line', {class: 'cursor', x1: x, x2: x, y1: edge.top, y2: height - edge.bottom}));
    for (const line of this.series) {
      const value = line.value(sample);
      if (value == null) continue;
      this.picture.append(svg('circle', {class: `ink-${line.ink}`, cx: x, cy: this.y(value), r: 3.5}));
    }
  }

  describe() {
    const sample = this.samples[this.at ?? this.samples.length - 1];
    const figures = this.series.map(
        line => `${line.name} ${sample ? this.format(line.value(sample)) : '–'}`);
    this.legend.replaceChildren(...this.series.map((line, i) => {
      const item = document.createElement('li');
      item.className = `ink-${line.ink}`;
      item.textContent = figures[i];
      return item;
    }));
    if (this.at != null) {
      const when = document.createElement('span');
      when.className = 'quiet';
      when.textContent = `at ${clock(sample.time)}`;
      this.legend.append(when);
    }
    const when = this.at != null ? `at ${clock(sample.time)}` : 'now';
    this.picture.setAttribute('aria-label', `${this.title}, ${when}: ${figures.join(', ')}`);
  }

  moveTo(index) {
    if (index === this.at) return;
    this.at = index;
    this.draw();
  }

  point(event) {
    if (this.samples.length === 0) return;
    const box = this.picture.getBoundingClientRect();
    const time = this.from + (event.clientX - box.left - edge.left) / this.inner * this.minutes * minute;
    let nearest = 0;
    this.samples.forEach((sample, i) => {
      if (Math.abs(sample.time - time) < Math.abs(this.samples[nearest].time - time)) nearest = i;
    });
    this.moveTo(nearest);
  }

  key(event) {
    const last = this.samples.length - 1;
    if (last < 0) return;
    const now = this.at ?? last;
    const step = event.shiftKey ? 60 : 1;
    const to = {ArrowLeft: now - step, ArrowRight: now + step, Home: 0, End: last}[event.key];
    if (event.key === 'Escape') this.moveTo(null);
    if (to == null) return;
    event.preventDefault();
    this.moveTo(Math.max(0, Math.min(last, to)));
  }
}
