// Choosing a plan after an application, on a phone and wide: the shop with one's own prices, the pages up to the signature and what comes
// next, what they have then, in both languages. At each stop: no script, axe, 320 px, targets of 44 px, valid HTML, pictures to look at, Back, paper.
import { after, before, test } from 'node:test';
import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { spawnSync } from 'node:child_process';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { BASE, BRONZE, GOLD, PHONE, launch, localized, none } from './lib.mjs';

const require = createRequire(import.meta.url);
const axe = readFileSync(require.resolve('axe-core/axe.min.js'), 'utf8');
const vnu = require.resolve('vnu-jar/build/dist/vnu.jar');
const RULES = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22a', 'wcag22aa', 'best-practice'];
const pictures = process.env.SCREENSHOTS || 'target/screenshots';
const SEARCH = 'year=2026&zip=45202&county=39061&people=40&income=37650';
const today = new Date(), lost = new Date(today.getTime() - 12 * 86_400_000);
const ANSWERS = {
  first_name: 'Ana', last_name: 'Li', birth_date: '3/14/1986', sex: 'female', zip: '45202', street: '1 Elm Street', city: 'Cincinnati',
  notices_by: 'mail', spoken: 'english', written: 'en', jointly: 'no', claimed: 'no', unreconciled: 'no', dependents: 'none', ssn: '123-45-6789',
  citizen: 'yes', earners: '1', income_kinds: 'wages', deduction_kinds: 'none', employer: 'Elm Bakery', amount: '3137.50', frequency: 'monthly',
  lasts: 'all_year', another: 'no', offered: 'none', covered: 'none', events: 'loss_of_coverage',
  event_day: `${lost.getMonth() + 1}/${lost.getDate()}/${lost.getFullYear()}`, event_covered_before: 'yes',
  consent: '5', signature: 'Ana Li', help: 'yes', files: 'yes', tobacco: 'none',
};
const NONE = ['pregnant', 'tribal', 'disabled', 'daily_care', 'student', 'foster_care', 'caretaker', 'in_custody', 'medicaid_denied'];
const OPTIONAL = ['middle_name', 'suffix', 'unit', 'phone', 'no_home', 'no_ssn', 'race', 'email'];

let browser, folder;
before(async () => {
  browser = await launch();
  folder = mkdtempSync(join(tmpdir(), 'windowshop-choose-'));
  mkdirSync(pictures, { recursive: true });
});
after(async () => { await browser.close(); rmSync(folder, { recursive: true }); });

/** Runs in the page: what is too small to touch, sticks out, or runs. The shop's own controls are looked at by its own tests. */
function touch(shop) {
  const page = document.documentElement, faults = [];
  if (document.scrollingElement.scrollWidth > page.clientWidth) faults.push(`scrolls ${document.scrollingElement.scrollWidth - page.clientWidth} px sideways`);
  const own = 'main button[name=choice]';
  const all = `${own}, main button, main input:not([type=hidden]):not([type=checkbox]):not([type=radio]), main a.button, main .ways a, main .back a`;
  for (const e of document.querySelectorAll(shop ? own : all)) {
    const box = e.getBoundingClientRect();
    if (e.checkVisibility() && box.height < 43.5) faults.push(`only ${box.height} px high: ${e.outerHTML.slice(0, 80)}`);
    if (box.right > page.clientWidth + 1 && !e.closest('.fit')) faults.push(`sticks out: ${e.outerHTML.slice(0, 80)}`);
  }
  if (document.scripts.length) faults.push('has a script');
  return faults;
}

const seen = [], faults = [];

async function look(tab, name, lang, shop = false) {
  const say = fault => faults.push(`${name} (${lang}): ${fault}`);
  if (await tab.evaluate(() => document.documentElement.lang) !== lang) say('is in another language');
  if (/\[…\]|⟦|\{[a-z_]+\}/.test(await tab.locator('body').innerText())) say('lacks a message');
  const path = join(folder, `${seen.length}.html`);
  writeFileSync(path, await tab.content());
  seen.push(path);
  for (const [width, height] of [[320, 640], [1280, 800], [360, 640]]) {
    await tab.setViewportSize({ width, height });
    (await tab.evaluate(touch, shop)).forEach(fault => say(`at ${width} px ${fault}`));
    if (width !== 320) await tab.screenshot({ path: join(pictures, `choose-${name}-${lang}-${width}.png`), fullPage: true });
  }
  await tab.evaluate(axe);
  const { violations } = await tab.evaluate(rules => window.axe.run(document, { runOnly: rules, resultTypes: ['violations'] }), RULES);
  violations.forEach(rule => rule.nodes.slice(0, 2).forEach(node => say(`${rule.id}: ${node.target.join(' ')} ${node.html.slice(0, 100)}`)));
}

/** Runs in the page: types and picks what is said; where nothing is, "none" or the first answer, unless it may be left out. */
function fill([answers, no, optional]) {
  for (const key of document.querySelector('input[name=on]')?.value.split(',') ?? []) {
    const question = key.split('.')[0];
    const said = answers[question] ?? (no.includes(question) ? 'none' : optional.includes(question) ? '' : undefined);
    const [date] = document.getElementsByName(`${key}.m`);
    const all = [...document.getElementsByName(key)];
    if (date) (said ?? '1/2/2020').split('/').forEach((part, i) => { document.getElementsByName(`${key}.${'mdy'[i]}`)[0].value = part; });
    else if (['radio', 'checkbox'].includes(all[0].type)) {
      const wanted = said === undefined ? [all[0].value] : said.split(',');
      all.forEach(choice => { if (wanted.includes(choice.value)) choice.checked = true; });
    } else if (all[0].tagName === 'SELECT') all[0].value = said ?? all[0].options[1].value;
    else all[0].value = said ?? (all[0].value || '1');
  }
}

/** From the shop to the page after sending. */
async function apply(tab, answers) {
  const go = selector => Promise.all([tab.waitForNavigation({ waitUntil: 'load' }), tab.locator(selector).first().click()]);
  const place = () => new URL(tab.url()).pathname.split('/account/apply')[1]?.slice(1) ?? tab.url();
  await tab.goto(`${BASE}/sheet?${SEARCH}&plan=${BRONZE}&plan=${GOLD}`, { waitUntil: 'load' });
  await go('form[action$="/account/save"] button[formaction$="/account/apply/begin"]');
  await go('main form .buttons button');
  for (let pages = 0; !['check', 'sent'].includes(place()); pages++) {
    assert.ok(pages < 40, `no way on from ${place()}: ${await tab.locator('[role=alert]').allInnerTexts()}`);
    await tab.evaluate(fill, [answers, NONE, OPTIONAL]);
    await go('main form[novalidate] .buttons button');
  }
  await tab.goto(`${BASE}/account/apply/sign`, { waitUntil: 'load' });
  await tab.evaluate(fill, [answers, NONE, OPTIONAL]);
  await go('main form[novalidate] .buttons button');
  assert.equal(place(), 'sent', await tab.locator('main').innerText());
}

test('a plan is chosen at one’s own price, checked and signed', async () => {
  const context = await browser.newContext(PHONE), tab = await context.newPage();
  const visit = (path, lang = 'en') => tab.goto(BASE + localized(lang, path), { waitUntil: 'load' });
  const press = selector => Promise.all([tab.waitForNavigation({ waitUntil: 'load' }), tab.locator(selector).first().click()]);
  await apply(tab, ANSWERS);
  await press('main a[href$="/account/plan"]');
  for (const lang of ['en', 'es']) {
    await visit('/account/plan', lang);
    await look(tab, 'home-empty', lang);
    await visit('/account/shop/1/plans', lang);
    await look(tab, 'list', lang, true);
    const [a, b] = await tab.locator('article h2 a').evaluateAll(links => links.slice(0, 2).map(link => link.pathname.split('/plans/')[1]));
    for (const [name, path] of [['plan', `plans/${a}`], ['costs', `plans/${a}/costs`], ['compare', `compare?plan=${a}&plan=${b}`], ['sheet', `sheet?plan=${a}`], ['gold', 'plans?metal=gold&group=off']]) {
      await visit(`/account/shop/1/${path}`, lang);
      await look(tab, name, lang, true);
    }
    // Back keeps the filters.
    await press('article h2 a');
    await tab.goBack({ waitUntil: 'load' });
    assert.match(tab.url(), /metal=gold/);
    // With the keyboard alone.
    await visit('/account/shop/1/plans', lang);
    await tab.locator('button[name=choice]').first().focus();
    await Promise.all([tab.waitForNavigation({ waitUntil: 'load' }), tab.keyboard.press('Enter')]);
    assert.match(tab.url(), /\/account\/plan$/);
    await look(tab, 'home', lang);
    for (const page of ['dental', 'credit', 'check', 'groups']) {
      await visit(`/account/plan/${page}`, lang);
      await look(tab, page, lang);
    }
    await visit('/account/plan/credit', lang);
    await tab.locator('[id$="-part"]').check();
    await tab.locator('input[name^="part."]').fill('a lot');
    await press('main form .buttons button');
    await look(tab, 'credit-wrong', lang);
    await tab.locator('input[name^="part."]').fill('40');
    await press('main form .buttons button');
    await visit('/account/plan/check', lang);
    await press('main form .buttons button');
    await look(tab, 'check-wrong', lang);
  }
  for (const box of await tab.locator('main input[type=checkbox]').all()) await box.check();
  await tab.locator('#signature').fill('ana li');
  await press('main form .buttons button');
  assert.match(tab.url(), /\/account\/plan\/done/);
  for (const lang of ['es', 'en']) {
    await visit('/account/plan/done', lang);
    await look(tab, 'done', lang);
  }
  // What they have from then on.
  for (const lang of ['en', 'es']) {
    await visit('/account/coverage', lang);
    await look(tab, 'coverage', lang);
    await press('main a[href*="/account/coverage/"]');
    await look(tab, 'coverage-one', lang);
    const one = new URL(tab.url()).pathname;
    for (const page of ['cancel', 'end', 'change', 'renew']) {
      await tab.goto(`${BASE}${one}/${page}`, { waitUntil: 'load' });
      await look(tab, `coverage-${page}`, lang);
    }
    await visit('/account/taxes/2026', lang);
    await look(tab, 'taxes', lang);
  }
  await visit('/account/plan/done');
  await tab.emulateMedia({ media: 'print' });
  await tab.screenshot({ path: join(pictures, 'choose-done-en-paper.png'), fullPage: true });
  await context.close();
  none(faults.splice(0));
});

test('outside of a period the page says why, and when', async () => {
  const context = await browser.newContext(PHONE), tab = await context.newPage();
  await apply(tab, { ...ANSWERS, events: 'none' });
  for (const lang of ['en', 'es']) {
    await tab.goto(BASE + localized(lang, '/account/plan'), { waitUntil: 'load' });
    await look(tab, 'not-now', lang);
    await tab.goto(BASE + localized(lang, '/account/shop/1/plans'), { waitUntil: 'load' });
    assert.equal(await tab.locator('button[name=choice]').count(), 0);
    await look(tab, 'not-now-list', lang, true);
  }
  await context.close();
  none(faults.splice(0));
});

test('all of these pages are valid HTML', () => {
  assert.ok(seen.length > 40, `only ${seen.length} pages were seen`);
  const run = spawnSync('java', ['-Xss4m', '-jar', vnu, '--Werror', '--format', 'json', '--exit-zero-always', ...seen], { encoding: 'utf8', maxBuffer: 1 << 26 });
  assert.equal(run.status, 0, `${run.error ?? run.stderr.slice(0, 500)}`);
  none(JSON.parse(run.stderr).messages.map(message => `${message.url}: ${message.message} ${message.extract?.slice(0, 100) ?? ''}`));
});
