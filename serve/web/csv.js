// Text of a CSV file -> records, as RFC 4180 has them (https://www.rfc-editor.org/rfc/rfc4180), and
// as Python's csv module reads what breaks its rules: a quote opens only at the start of a field,
// and what follows a closing one belongs to the field.

const DELIMITERS = [",", ";", "\t"];
const LOOKED_AT = 50; // records from which the delimiter is guessed

/** A fault of the whole file; the message is for the person who gave it. */
export class BadFile extends Error {}

/**
 * Records of a text: [{line, fields}], the line (from 1) on which each begins. Empty lines are
 * none.
 * @throws {BadFile} a quote is never closed; not where `most` records were asked for.
 */
export function records(text, delimiter, most = Infinity) {
  const found = [];
  const place = { at: 0, line: 1 };
  while (place.at < text.length && found.length < most) {
    const line = place.line;
    const fields = record(text, delimiter, place);
    if (fields.length > 1 || fields[0] !== "") found.push({ line, fields });
  }
  return found;
}

/** The fields of the record at `place`, which is moved behind its line end. */
function record(text, delimiter, place) {
  const fields = [];
  for (;;) {
    const field = text[place.at] === '"' ? quotedField : plain;
    fields.push(field(text, delimiter, place));
    if (text[place.at] !== delimiter) break;
    place.at += 1;
  }
  if (text[place.at] === "\r" && text[place.at + 1] === "\n") place.at += 1;
  place.at += 1;
  place.line += 1;
  return fields;
}

/** What stands up to the next delimiter or line end. */
function plain(text, delimiter, place) {
  const start = place.at;
  while (place.at < text.length && !ends(text[place.at], delimiter)) place.at += 1;
  return text.slice(start, place.at);
}

function quotedField(text, delimiter, place) {
  const opened = place.line;
  const start = place.at + 1;
  let close = text.indexOf('"', start);
  while (close >= 0 && text[close + 1] === '"') close = text.indexOf('"', close + 2);
  if (close < 0) throw new BadFile(`the quote opened on line ${opened} is never closed`);
  const inside = text.slice(start, close);
  place.line += inside.match(/\r\n|\r|\n/g)?.length ?? 0;
  place.at = close + 1;
  return inside.replaceAll('""', '"') + plain(text, delimiter, place);
}

const ends = (character, delimiter) =>
  character === delimiter || character === "\n" || character === "\r";

/**
 * The delimiter: the one that parts the first records into the same number of fields, the most of
 * them. A file of one column has none; a comma then does no harm.
 */
export function guessDelimiter(text) {
  const scores = DELIMITERS.map((delimiter) => score(text, delimiter));
  return DELIMITERS[scores.indexOf(Math.max(...scores))];
}

/** Share of records as wide as the first, and then their width; nothing where it parts none. */
function score(text, delimiter) {
  let first;
  try {
    first = records(text, delimiter, LOOKED_AT);
  } catch {
    return 0; // said with the delimiter that is taken
  }
  const width = first[0]?.fields.length ?? 1;
  const alike = first.filter(({ fields }) => fields.length === width).length;
  return width > 1 ? alike / first.length + Math.min(width, 99) / 1e4 : 0;
}
