// Elements of the page. Texts are only ever texts: nothing here reads markup.

/** An element: attributes as HTML has them (null ones are left out), then texts and elements. */
export function element(name, attributes = {}, ...children) {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) {
    if (value !== null) made.setAttribute(key, value);
  }
  made.append(...children.filter((child) => child !== null));
  return made;
}

/** The element of the page with that id. */
export const byId = (id) => document.getElementById(id);
