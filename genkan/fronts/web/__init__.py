"""The pages of Genkan: sign-in, portal, credentials, account, consent and error pages.

Owns: HTML, CSS and scripts, wording in every language, and the headers that protect a page.
Leaves to others: who a person is, what they may open and what they may approve (the slices, through
`perform`); a route here only fills a dataclass of `pages` and hands it to `Renderer`.

Invariants
- Nothing is approved, issued, opened or signed out by a GET. A GET may carry `?lang=`, `?theme=` or
  `?hint=`; these are preferences and are the only thing a GET remembers (`preferences`).
- A page's text is escaped by Jinja2, undefined names are errors, and no page has inline style or
  script.
- Each page names in its Content-Security-Policy the only places its forms may end up at.
- Every page works without JavaScript; the modules under `static/js` only make it quicker to use.
"""
