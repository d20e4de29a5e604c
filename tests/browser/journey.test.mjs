// The whole journey, from the first question to a downloaded comparison, with scripts off, on a phone's screen,
// with nothing but a keyboard, in both languages. Steps are found by what they lead to, not by their words.
import { after, before, test } from 'node:test';
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { BASE, FAMILY, ONE, PAGES, PHONE, SILVER, csv, launch, localized, open, pageNamed, parseCsv } from './lib.mjs';

let browser, context, tab;
before(async () => { browser = await launch(); });
after(() => browser.close());

/** A fresh tab without script. */
async function fresh(path) {
  await context?.close();
  context = await browser.newContext({ ...PHONE, javaScriptEnabled: false, acceptDownloads: true });
  tab = await context.newPage();
  await tab.goto(BASE + path);
}

const SUBMIT = 'form.ask .buttons button:not(.plain)';
const focused = selector => tab.evaluate(wanted => document.activeElement.matches(wanted), selector);

/** Presses Tab until the focus is on this. */
async function tabTo(selector) {
  assert.ok(await tab.locator(selector).count(), `${selector} is not on ${tab.url()}`);
  for (let i = 0; i < 400; i++) {
    await tab.keyboard.press('Tab');
    if (await focused(selector)) return;
  }
  assert.fail(`Tab never came to ${selector} on ${tab.url()}`);
}

/** Goes to this with Tab, presses Enter, and waits for the page that follows. */
async function follow(selector) {
  const from = tab.url();
  await tabTo(selector);
  await Promise.all([tab.waitForURL(url => url.href !== from), tab.keyboard.press('Enter')]);
}

async function type(selector, words) {
  await tabTo(selector);
  await tab.keyboard.press('Control+A');
  await tab.keyboard.type(words);
}

async function download(selector) {
  await tabTo(selector);
  const [file] = await Promise.all([tab.waitForEvent('download'), tab.keyboard.press('Enter')]);
  assert.match(file.suggestedFilename(), /\.csv$/);
  return parseCsv(readFileSync(await file.path(), 'utf8'));
}

const cents = amount => Math.round(+amount.replace(/[$,]/g, '') * 100);
const query = () => new URL(tab.url()).searchParams;
const total = async () => +/\d[\d,.]*/.exec(await tab.locator('h1').innerText())[0].replace(/\D/g, '');

for (const lang of ['en', 'es']) {
  const at = path => localized(lang, path);

  test(`from the first question to a comparison on the desk (${lang})`, async () => {
    await fresh(at('/'));
    await type('#zip', '45202');
    await type('#people', '40');
    await follow(SUBMIT);
    assert.equal(new URL(tab.url()).pathname + new URL(tab.url()).search, at(`/plans?${ONE}`), 'the form leads to the short address');
    const all = await total();
    assert.equal(all, (await csv(`/plans.csv?${ONE}`)).length, 'the heading counts what the spreadsheet holds');
    assert.equal(await tab.locator('article').count(), 10);

    // filter
    await tabTo('.tools a');
    await tab.keyboard.press('Enter');
    await tabTo('#metal-silver');
    await tab.keyboard.press('Space');
    await tabTo('#metal-gold');
    await tab.keyboard.press('Space');
    await type('#deductible_max', '3000');
    await follow('.filters .apply button');
    assert.equal(query().get('metal'), 'silver,gold');
    assert.equal(query().get('deductible'), '-3000');
    const filtered = await total();
    assert.ok(filtered > 0 && filtered < all, `${filtered} of ${all}`);
    assert.ok((await csv(`/plans.csv?${ONE}&metal=silver,gold&deductible=-3000`)).every(plan => ['silver', 'gold'].includes(plan.metal) && +plan.deductible <= 3000));

    // remove one filter
    const chips = await tab.locator('ul.chips a').count();
    await follow('ul.chips li:first-child a');
    assert.equal(await tab.locator('ul.chips a').count() < chips, true, 'a chip went');
    assert.ok(await total() > filtered, 'and plans came back');

    // sort: the choices are collapsed until needed
    assert.equal(await tab.locator('details.sorts button').first().isVisible(), false);
    await tabTo('details.sorts > summary');
    await tab.keyboard.press('Enter');
    await follow('details.sorts button[value=deductible]');
    assert.equal(query().get('sort'), 'deductible');
    const order = (await csv(`/plans.csv?${query()}`)).map(plan => +plan.deductible);
    assert.deepEqual(order, [...order].sort((a, b) => a - b));

    // one plan and back
    const list = tab.url(), name = await tab.locator('article h2 a').first().innerText();
    await follow('li:first-child > article h2 a');
    assert.equal(await tab.locator('h1').innerText(), name);
    await follow('p.back a');
    assert.equal(new URL(tab.url()).pathname, at('/plans'));
    assert.equal(query().get('people'), '40');
    await tab.goBack();
    await tab.goBack();
    assert.equal(tab.url(), list, 'the browser’s own way back leads to the list as it was');

    // compare two
    await tabTo('.cards > li:nth-child(1) .foot input[name=plan]');
    await tab.keyboard.press('Space');
    await tabTo('.cards > li:nth-child(2) .foot input[name=plan]');
    await tab.keyboard.press('Space');
    await follow('.tray button');
    assert.equal(query().getAll('plan').length, 2);
    const rows = await tab.locator('table.compare tbody tr').count();
    await follow('a[href*="only=differences"]');
    const differing = await tab.locator('table.compare tbody tr').count();
    assert.ok(differing > 0 && differing < rows, `${differing} of ${rows} rows`);
    const compared = await download('a[href*="compare.csv"]');
    assert.deepEqual(compared.map(plan => plan.plan_id).sort(), query().getAll('plan').sort());
    for (const plan of compared) assert.match(plan.premium, /^\d+\.\d\d$/);
  });

  test(`the list as a spreadsheet (${lang})`, async () => {
    await fresh(at(`/plans?${FAMILY}&metal=gold`));
    const shown = await total(), rows = await download('a[href*="plans.csv"]');
    assert.equal(rows.length, shown);
    assert.ok(rows.every(plan => plan.metal === 'gold'));
  });

  test(`what care to expect is chosen, said on the list, and followed to the last line (${lang})`, async () => {
    await fresh(at(`/plans?${ONE}`));
    const before = await csv(`/plans.csv?${ONE}`);
    await follow('main a[href*="/care?"]');
    assert.equal(new URL(tab.url()).pathname, at('/care'));
    await tabTo('input[name=x1]');
    await tab.keyboard.press('ArrowDown');
    assert.ok(await tab.locator('#x1-f').isChecked(), 'the next answer of the group');
    await tabTo('fieldset.person details > summary');
    await tab.keyboard.press('Enter');
    // One stop for the whole group; the arrow keys choose among its answers, including those of the opened box.
    await tab.keyboard.press('Shift+Tab');
    assert.ok(await focused('#u1-any'));
    const label = await tab.locator('label[for="u1-diabetes"]').innerText();
    for (let i = 0; i < 20 && !await tab.locator('#u1-diabetes').isChecked(); i++) await tab.keyboard.press('ArrowDown');
    await follow('main form button[type=submit]:not(.plain)');
    // What was said about health is readable in no address.
    assert.match(new URL(tab.url()).pathname + new URL(tab.url()).search, /^(\/es)?\/plans\?.*&my=[\w-]+$/);
    assert.doesNotMatch(tab.url(), /sex|care|diabetes/);
    assert.ok((await tab.locator('main').innerText()).includes(`, ${label}.`), 'the list says what it assumed');
    const after = await csv(`/plans.csv?${query()}`);
    assert.notEqual(after[0].cost_average, before.find(plan => plan.plan_id === after[0].plan_id).cost_average);

    // one plan, and every line of its year
    await follow('li:first-child > article h2 a');
    const [good, average, bad] = (await tab.locator('table.sum tr.total td').allInnerTexts()).map(cents);
    assert.deepEqual([good, average, bad], ['cost_good', 'cost_average', 'cost_bad'].map(year => cents(after[0][year])));
    await follow('main a[href*="/costs?"]');
    assert.ok(query().get('my'), 'what was said comes along, sealed');
    const total = async () => cents(await tab.locator('dl.lines').first().locator('dd').last().innerText());
    assert.equal(await total(), average);
    await follow('nav.tabs a[href*="case=bad"]');
    assert.equal(await total(), bad);
    const paid = await tab.locator('table.sum tr:not(.total) td:last-child').allInnerTexts();
    const person = await tab.locator('table.sum tr.total td:last-child').innerText();
    assert.equal(paid.map(cents).reduce((a, b) => a + b), cents(person), 'the lines add up');
    await follow('p.back a');
    assert.ok(query().get('my'), 'and back');
  });

  test(`a mistake is said, found and put right (${lang})`, async () => {
    await fresh(at('/'));
    await type('#zip', '4520');
    await type('#people', '40 38');
    await follow(SUBMIT);
    assert.equal(await tab.locator('#people').inputValue(), '40, 38', 'what was right is kept');
    assert.equal(await tab.locator('#zip').inputValue(), '4520', 'and so is what was wrong');
    assert.equal(await tab.locator('#zip').getAttribute('aria-invalid'), 'true');
    await tabTo('.summary a');
    await tab.keyboard.press('Enter');
    assert.ok(await focused('#zip'), 'the summary leads to the field');
    await tab.keyboard.press('Control+A');
    await tab.keyboard.type('45202');
    await follow(SUBMIT);
    assert.equal(new URL(tab.url()).pathname, at('/plans'));
    assert.equal(query().get('people'), '40,38');
  });

  test(`each mistake of the summary leads to its field (${lang})`, async () => {
    await fresh(at('/'));
    await open(tab, pageNamed('home, with mistakes', lang));
    const links = await tab.locator('.summary a').evaluateAll(all => all.map(a => a.getAttribute('href')));
    assert.ok(links.length >= 3, `${links.length} mistakes`);
    for (const [i, href] of links.entries()) {
      await tabTo(`.summary li:nth-child(${i + 1}) a`);
      await tab.keyboard.press('Enter');
      assert.ok(await focused(`input${href}`), `${href} has the focus`);
    }
  });

  test(`a ZIP in several counties asks which one, and goes on (${lang})`, async () => {
    await fresh(at('/plans?zip=45241&people=40'));
    assert.ok(await tab.locator('.choices a').count() >= 2);
    await follow('.choices a');
    assert.match(query().get('county'), /^39\d\d\d$/);
    assert.equal(query().get('people'), '40');
    assert.equal(new URL(tab.url()).pathname, at('/plans'));
  });

  test(`more people, and every answer changed from the list (${lang})`, async () => {
    await fresh(at('/'));
    await type('#zip', '45202');
    await type('#people', '40');
    await follow('button[name=each]');
    assert.equal(await tab.locator('#zip').inputValue(), '45202');
    await tabTo('#t1');
    await tab.keyboard.press('Space');
    await follow('button[name=add]');
    assert.equal(new URL(tab.url()).hash, '#age2', 'the new person’s box is where the page stands');
    await type('#age2', '5');
    await follow(SUBMIT);
    assert.equal(query().get('people'), '40t,5');
    await follow('p.you a');
    assert.equal(await tab.locator('#age2').inputValue(), '5');
    assert.equal(await tab.locator('#t1').isChecked(), true);
  });
}

test('the other language is the same page with the same answers, everywhere', async () => {
  await fresh('/');
  for (const page of PAGES.filter(page => page.lang === 'en')) {
    await open(tab, page);
    const link = tab.locator('header a[hreflang]');
    const wanted = localized('es', page.path);
    assert.equal(await link.getAttribute('href'), wanted, page.name);
    assert.equal(await link.getAttribute('lang'), 'es', page.name);
    if (page.send || page.status === 414) continue; // a link asks with GET
    await Promise.all([tab.waitForURL(url => url.pathname.startsWith('/es')), link.press('Enter')]);
    assert.equal(await tab.locator('html').getAttribute('lang'), 'es');
    assert.equal(await tab.locator('header a[hreflang]').getAttribute('href'), page.path, `${page.name}: and back`);
  }
});

test('a plan’s page keeps the household on the way to the list', async () => {
  await fresh(`/plans/${SILVER}?${FAMILY}`);
  await follow('p.back a');
  assert.equal(query().get('people'), '40,38t,9,5');
});

test('a term leads to its words in the glossary', async () => {
  await fresh(`/plans?${ONE}`);
  for (const href of await tab.locator('a.term').evaluateAll(all => all.map(a => a.getAttribute('href')))) {
    await tab.goto(BASE + href);
    assert.equal(await tab.locator(new URL(tab.url()).hash).count(), 1, `${href} is there`);
  }
});

test('Enter in any field shows plans, and does not add a person', async () => {
  await fresh('/?zip=45202&people=40');
  for (const field of ['#zip', '#people', '#income']) {
    await tab.goto(`${BASE}/?zip=45202&people=40`);
    await tab.locator(field).press('Enter');
    await tab.waitForURL(/\/plans\?/);
  }
});
