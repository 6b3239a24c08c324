// Tables of what clients sent. Key names are anybody's bytes: they are only ever text.

// `columns`: [{title, value(row), kind}], where kind is "number", "text" or "mono"; a value may be
// an element.
export function show(parent, columns, rows, nothing) {
  if (rows.length === 0) {
    const note = document.createElement('p');
    note.className = 'quiet';
    note.textContent = nothing;
    parent.replaceChildren(note);
    return;
  }
  const table = document.createElement('table');
  const head = table.createTHead().insertRow();
  for (const column of columns) {
    const cell = document.createElement('th');
    cell.scope = 'col';
    cell.textContent = column.title;
    if (column.kind === 'number') cell.className = 'number';
    head.append(cell);
  }
  const body = table.createTBody();
  for (const row of rows) {
    const line = body.insertRow();
    for (const column of columns) {
      const cell = line.insertCell();
      const value = column.value(row);
      cell.className = column.kind === 'mono' ? 'text mono' : column.kind ?? '';
      if (value instanceof Node) {
        cell.append(value);
      } else {
        cell.textContent = value ?? '';
      }
    }
  }
  const focused = parent.contains(document.activeElement) ? document.activeElement.dataset.name : null;
  parent.replaceChildren(table);
  if (focused) [...parent.querySelectorAll('button')].find(b => b.dataset.name === focused)?.focus();
}

export function note(parent, text) { show(parent, [], [], text); }

// Long values are cut, where they are seen whole by pointing at them.
export function cut(text, most = 120) {
  if (text.length <= most) return text;
  const span = document.createElement('span');
  span.textContent = `${text.slice(0, most)}…`;
  span.title = text.slice(0, 2000);
  return span;
}
