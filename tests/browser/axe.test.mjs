// axe-core finds nothing against WCAG 2.2 A and AA, nor against its best practices, on any page in either language; and
// HTML_CodeSniffer, an engine with other ideas, nothing against WCAG 2.1 AA.
import { after, before, test } from 'node:test';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { DESK, PAGES, PHONE, launch, lookAt, none } from './lib.mjs';

const script = file => readFileSync(createRequire(import.meta.url).resolve(file), 'utf8');
const axe = script('axe-core/axe.min.js'), sniffer = script('html_codesniffer/build/HTMLCS.js');
const RULES = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22a', 'wcag22aa', 'best-practice'];

async function audit(tab) {
  // Filters and "why we ask" are checked when open.
  await tab.evaluate(() => document.querySelectorAll('details').forEach(details => { details.open = true; }));
  await tab.evaluate(axe); // over the debugger, so the page's own policy does not stop it
  const { violations } = await tab.evaluate(rules => window.axe.run(document, { runOnly: rules, resultTypes: ['violations'] }), RULES);
  return violations.flatMap(rule => rule.nodes.slice(0, 3).map(node => `${rule.id}: ${rule.help}: ${node.target.join(' ')} ${node.html.slice(0, 100)}`));
}

async function sniff(tab) {
  await tab.evaluate(sniffer);
  const found = await tab.evaluate(() => new Promise((done, fail) => {
    const said = () => window.HTMLCS.getMessages().filter(it => it.type === window.HTMLCS.ERROR);
    window.HTMLCS.process('WCAG2AA', document, () => done(said().map(it => `${it.code}: ${it.msg}: ${it.element.outerHTML?.slice(0, 100)}`)), fail, 'en');
  }));
  return [...new Set(found)];
}

let browser;
before(async () => { browser = await launch(); });
after(() => browser.close());

for (const lang of ['en', 'es']) {
  const pages = PAGES.filter(page => page.lang === lang);
  test(`axe finds nothing on a phone: ${pages.length} pages (${lang})`, async () => none(await lookAt(browser, PHONE, pages, audit)));
}
test('axe finds nothing on a wide screen', async () => none(await lookAt(browser, DESK, PAGES.filter(page => page.lang === 'en'), audit)));
test(`HTML_CodeSniffer finds nothing on ${PAGES.length} pages`, async () => none(await lookAt(browser, PHONE, PAGES, sniff)));
