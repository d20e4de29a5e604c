// Choosing a plan after an application, on a phone and wide: the shop with one's own prices, the pages up to the signature and what comes
// next, what they have then, in both languages. At each stop: no script, axe, 320 px, targets of 44 px, valid HTML, pictures to look at, Back, paper.
import { after, before, test } from 'node:test';
import assert from 'node:assert/strict';
import { BASE, PHONE, launch, localized } from './lib.mjs';
import { EVENT, Met, apply, lately } from './private.mjs';

const pictures = process.env.SCREENSHOTS || 'target/screenshots';
const SEARCH = 'year=2026&zip=45202&county=39061&people=40&income=37650';
const ANSWERS = {
  first_name: 'Ana', last_name: 'Li', birth_date: '3/14/1986', sex: 'female', zip: '45202', street: '1 Elm Street', city: 'Cincinnati',
  notices_by: 'mail', spoken: 'english', written: 'en', jointly: 'no', claimed: 'no', unreconciled: 'no', dependents: 'none', ssn: '123-45-6789',
  citizen: 'yes', earners: '1', income_kinds: 'wages', deduction_kinds: 'none', employer: 'Elm Bakery', amount: '3137.50', frequency: 'monthly',
  lasts: 'all_year', another: 'no', offered: 'none', covered: 'none', events: EVENT,
  event_day: lately(12), event_covered_before: 'yes',
  consent: '5', signature: 'Ana Li', help: 'yes', files: 'yes', tobacco: 'none',
};
const NONE = ['pregnant', 'tribal', 'disabled', 'daily_care', 'student', 'foster_care', 'caretaker', 'in_custody', 'medicaid_denied'];
const OPTIONAL = ['middle_name', 'suffix', 'unit', 'phone', 'no_home', 'no_ssn', 'race', 'email'];

let browser, met;
before(async () => {
  browser = await launch();
  met = new Met('choose', pictures);
});
after(async () => { await browser.close(); met.end(); });

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

async function look(tab, name, lang, shop = false) {
  const say = await met.keep(tab, name, lang);
  await met.sizes(tab, [name, lang], say, touch, shop);
  await met.axe(tab, say);
}

test('a plan is chosen at one’s own price, checked and signed', async () => {
  const context = await browser.newContext(PHONE), tab = await context.newPage();
  const visit = (path, lang = 'en') => tab.goto(BASE + localized(lang, path), { waitUntil: 'load' });
  const press = selector => Promise.all([tab.waitForNavigation({ waitUntil: 'load' }), tab.locator(selector).first().click()]);
  await apply(tab, SEARCH, [ANSWERS, NONE, OPTIONAL]);
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
    // The event has to be proved before the insurer is told.
    await press('main a.button[href*="/account/proof/"]');
    await look(tab, 'proof', lang);
    await visit('/account/proof', lang);
    await look(tab, 'proofs', lang);
  }
  // What they have from then on.
  for (const lang of ['en', 'es']) {
    await visit('/account/coverage', lang);
    await look(tab, 'coverage', lang);
    await press('main a[href*="/account/coverage/"]');
    await look(tab, 'coverage-one', lang);
    const one = new URL(tab.url()).pathname;
    for (const page of ['cancel', 'end', 'credit', 'change', 'renew']) {
      await tab.goto(`${BASE}${one}/${page}`, { waitUntil: 'load' });
      await look(tab, `coverage-${page}`, lang);
    }
    await visit('/account/taxes/2026', lang);
    await look(tab, 'taxes', lang);
  }
  await visit('/account/plan/done');
  await tab.emulateMedia({ media: 'print' });
  await met.picture(tab, 'done-en-paper');
  await context.close();
  met.none();
});

test('outside of a period the page says why, and when', async () => {
  const context = await browser.newContext(PHONE), tab = await context.newPage();
  await apply(tab, SEARCH, [{ ...ANSWERS, events: 'none' }, NONE, OPTIONAL]);
  for (const lang of ['en', 'es']) {
    await tab.goto(BASE + localized(lang, '/account/plan'), { waitUntil: 'load' });
    await look(tab, 'not-now', lang);
    await tab.goto(BASE + localized(lang, '/account/shop/1/plans'), { waitUntil: 'load' });
    assert.equal(await tab.locator('button[name=choice]').count(), 0);
    await look(tab, 'not-now-list', lang, true);
  }
  await context.close();
  met.none();
});

test('all of these pages are valid HTML', () => met.valid(40));
