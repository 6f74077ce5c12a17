// A file, or typed names -> a catalog: columns, rows, and which column is what.

import { BadFile, guessDelimiter, records } from "./csv.js";
import { number } from "./words.js";

export const MOST_ROWS = 100_000;
const MOST_BYTES = 100_000_000;

// Names of columns as shops have them, likeliest first; compared without case, spaces and signs.
const NAMES = {
  name: ["productname", "name", "title", "producttitle", "itemname", "product", "item"],
  id: ["productid", "id", "sku", "itemid", "ean", "gtin", "upc", "code"],
  description: ["description", "productdescription", "details", "longdescription"],
};

/**
 * Typed names, one a line; empty lines are none.
 * @throws {BadFile} there are too many.
 */
export function typed(text) {
  const names = text.split(/\r\n|\r|\n/).filter((line) => line.trim());
  checkCount(names.length, "the text");
  const rows = names.map((name, at) => ({ line: at + 1, fields: [name], problem: null }));
  const roles = { name: 0, id: null, description: null };
  return { title: "typed names", columns: ["name"], rows, roles, notes: [] };
}

/**
 * A CSV file as a catalog: {title, columns, rows: [{line, fields, problem}], roles, notes}. A row
 * with too few or too many fields has a `problem` and is shown, never sent.
 * @param header whether the first record names the columns; null guesses.
 * @throws {BadFile} it is no CSV in UTF-8, has no products, or too many.
 */
export async function read(file, header = null) {
  if (file.size > MOST_BYTES) {
    throw new BadFile(tooMuch(`${file.name} has ${megabytes(file.size)}`, megabytes(MOST_BYTES)));
  }
  return parsed(decoded(new Uint8Array(await file.arrayBuffer()), file.name), file.name, header);
}

const megabytes = (bytes) => `${number(bytes / 1e6)} MB`;

/** The text of a file's bytes. */
function decoded(bytes, name) {
  const starts = (...codes) => codes.every((code, at) => bytes[at] === code);
  if (starts(0x50, 0x4b, 3, 4)) {
    throw new BadFile(`${name} is a workbook or an archive, not a CSV: save it as “CSV UTF-8”`);
  }
  if (starts(0xff, 0xfe) || starts(0xfe, 0xff)) {
    throw new BadFile(`${name} is UTF-16, not UTF-8: save it as “CSV UTF-8”`);
  }
  if (bytes.includes(0)) throw new BadFile(`${name} is not a CSV: it holds binary data`);
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes); // takes a byte order mark off
  } catch {
    const line = brokenLine(bytes);
    throw new BadFile(`${name} is not UTF-8 (line ${line}): save it as “CSV UTF-8”`);
  }
}

/** The first line whose bytes are not UTF-8; a line end is never part of a longer code. */
function brokenLine(bytes) {
  const decoder = new TextDecoder("utf-8", { fatal: true });
  for (let line = 1, start = 0; ; line += 1) {
    const end = bytes.indexOf(10, start);
    try {
      decoder.decode(bytes.subarray(start, end < 0 ? bytes.length : end));
    } catch {
      return line;
    }
    if (end < 0) return line;
    start = end + 1;
  }
}

function parsed(text, name, header) {
  if (!text.trim()) throw new BadFile(`${name} is empty`);
  const delimiter = guessDelimiter(text);
  const all = checkedRecords(text, delimiter, name);
  const named = header ?? looksLikeHeader(all[0].fields);
  const columns = all[0].fields.map((field, at) => (named && field.trim()) || `column ${at + 1}`);
  const body = named ? all.slice(1) : all;
  if (!body.length) throw new BadFile(`${name} has a header and no products`);
  checkCount(body.length, name);
  const rows = body.map((one) => row(one, columns.length, delimiter));
  const notes = [...notesOnHeader(header, named, all[0].fields), ...notesOnRows(rows)];
  return { title: name, columns, rows, roles: guessRoles(columns, rows), notes, named };
}

function checkedRecords(text, delimiter, name) {
  try {
    return records(text, delimiter, MOST_ROWS + 2); // a header, and one too many: that is enough
  } catch (error) {
    if (error instanceof BadFile) throw new BadFile(`${name}: ${error.message}`);
    throw error;
  }
}

function checkCount(count, what) {
  if (count > MOST_ROWS) {
    const most = number(MOST_ROWS);
    throw new BadFile(tooMuch(`${what} has more than ${most} products`, most));
  }
}

const tooMuch = (found, most) =>
  `${found}; this page takes ${most}. Send it to /v1/catalog, or run “shelftag tag”`;

/** A row of as many fields as there are columns: what is missing is empty, what is too much is
 * joined to the last one, so that no text is lost. */
function row({ line, fields }, width, delimiter) {
  if (fields.length === width) return { line, fields, problem: null };
  const problem = `line ${line} has ${number(fields.length, "field")}, the first has ${width}`;
  const last = fields.slice(width - 1).join(delimiter);
  const kept = [...fields.slice(0, width - 1), last];
  while (kept.length < width) kept.push("");
  return { line, fields: kept, problem };
}

/** Whether a record names columns: it has a name we know, or only words, none of them twice. */
function looksLikeHeader(fields) {
  if (hasKnownName(fields)) return true;
  const names = fields.map(folded);
  const words = names.every((name) => name && !/^\d+$/.test(name));
  return words && fields.length > 1 && new Set(names).size === names.length;
}

const KNOWN = new Set(Object.values(NAMES).flat());

const hasKnownName = (fields) => fields.some((field) => KNOWN.has(folded(field)));

const folded = (name) => name.toLowerCase().replace(/[^\p{L}\p{N}]/gu, "");

/** Which column is the name, the id and the description: null where there is none. */
function guessRoles(columns, rows) {
  const names = columns.map(folded);
  const find = (role) => NAMES[role].map((name) => names.indexOf(name)).find((at) => at >= 0);
  const id = find("id") ?? null;
  return { name: find("name") ?? longest(rows, id), id, description: find("description") ?? null };
}

/** The column with the longest text, but the id: what is likely the name where none is named so. */
function longest(rows, id) {
  const size = (at) => rows.slice(0, 50).reduce((sum, { fields }) => sum + fields[at].length, 0);
  const sizes = rows[0].fields.map((_, at) => (at === id ? -1 : size(at)));
  return sizes.indexOf(Math.max(...sizes));
}

/** What was guessed of the first row, where it may be wrong; `asked`: the person has said it. */
function notesOnHeader(asked, named, fields) {
  if (asked !== null || hasKnownName(fields)) return [];
  if (named) return ["The first row is taken as names of columns, though none is a usual one."];
  return ["The first row names no columns: it is taken as a product."];
}

function notesOnRows(rows) {
  const bad = rows.filter(({ problem }) => problem);
  if (!bad.length) return [];
  const more = bad.length > 1 ? ", and so on" : "";
  return [`${number(bad.length, "row")} will not be tagged: ${bad[0].problem}${more}.`];
}
