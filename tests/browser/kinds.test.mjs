// Households of each kind from the application to a signature, without a script, on a phone and wide, in both languages: a family in
// two plans with children in CHIP, a dental plan for a child, a catastrophic plan, a member of a tribe, a birth. Then what they have, once their
// insurers have said that they paid. On a server of its own, which sells dental plans and has the next year's plans (market.mjs).
import { after, before, test } from 'node:test';
import assert from 'node:assert/strict';
import { existsSync, mkdirSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { PHONE, launch, localized } from './lib.mjs';
import { market } from './market.mjs';
import { Met, apply, lately } from './private.mjs';

const day = back => new Date(Date.now() - back * 86_400_000);
const typed = date => `${date.getMonth() + 1}/${date.getDate()}/${date.getFullYear()}`;
// The longest names that forms take are longer than any line of a phone.
const LONG = 'Wolfeschlegelsteinhausenbergerdorffwelchevoralternwarengewis';
const ALONE = {
  first_name: 'Ana', last_name: 'Li', birth_date: '3/14/1986', sex: 'female', zip: '45202', street: '1 Elm Street', city: 'Cincinnati',
  notices_by: 'mail', spoken: 'english', written: 'en', jointly: 'no', claimed: 'no', unreconciled: 'no', dependents: 'none', ssn: '123-45-6789',
  citizen: 'yes', earners: '1', income_kinds: 'wages', deduction_kinds: 'none', employer: 'Elm Bakery', amount: '3137.50', frequency: 'monthly',
  lasts: 'all_year', another: 'no', offered: 'none', covered: 'none', events: 'court_order', event_day: lately(12),
  event_covered_before: 'yes', plan_year: '2026', consent: '5', signature: 'Ana Li', help: 'yes', files: 'yes', tobacco: 'none',
};
const NONE = ['pregnant', 'tribal', 'disabled', 'daily_care', 'student', 'foster_care', 'caretaker', 'in_custody', 'medicaid_denied'];
const OPTIONAL = ['middle_name', 'suffix', 'unit', 'phone', 'no_home', 'no_ssn', 'race', 'email'];
const COUPLE = {
  ...ALONE, 'first_name.2': 'Ben', 'first_name.3': 'Cai', 'first_name.4': 'Dee', 'relation.2': 'spouse', 'relation.3': 'child', 'relation.4': 'child',
  'jointly.1': 'yes', 'ssn.2': '123-45-6782', 'ssn.3': '123-45-6783', 'ssn.4': '123-45-6784', 'birth_date.2': '3/14/1988', earners: '1,2',
};

let browser, met, sold;
before(async () => {
  [browser, sold] = await Promise.all([launch(), market()]);
  met = new Met('kinds', process.env.SCREENSHOTS || 'target/screenshots');
});
after(async () => { await browser?.close(); await sold?.end(); met?.end(); });

/** Runs in the page: what sticks out, is too small to touch, or runs. */
function touch() {
  const page = document.documentElement, faults = [];
  if (document.scrollingElement.scrollWidth > page.clientWidth) faults.push(`scrolls ${document.scrollingElement.scrollWidth - page.clientWidth} px sideways`);
  for (const e of document.querySelectorAll('main button[name=choice], main .buttons button, main a.button, main .ways a, main .back a')) {
    const box = e.getBoundingClientRect();
    if (e.checkVisibility() && box.height < 43.5) faults.push(`only ${box.height} px high: ${e.outerHTML.slice(0, 80)}`);
  }
  if (document.scripts.length) faults.push('has a script');
  return faults;
}

/** One household with a browser of its own, scripts off but for what looks at pages. */
class Home {
  static async sent(search, said) {
    const context = await browser.newContext(PHONE), tab = await context.newPage();
    await apply(tab, `year=2026&${search}`, [said, NONE, OPTIONAL], sold.base);
    return Object.assign(new Home(), { context, tab });
  }

  visit(path, lang = 'en') { return this.tab.goto(sold.base + localized(lang, path), { waitUntil: 'load' }); }

  press(selector) { return Promise.all([this.tab.waitForNavigation({ waitUntil: 'load' }), this.tab.locator(selector).first().click()]); }

  /** A page in both languages, as it is now. */
  async look(path, name) {
    for (const lang of ['en', 'es']) {
      await this.visit(path, lang);
      const say = await met.keep(this.tab, name, lang);
      await met.sizes(this.tab, [name, lang], say, touch);
      if (lang === 'es') await met.axe(this.tab, say);
    }
  }

  async choose(path, lang = 'en') {
    await this.visit(path, lang);
    await this.press('button[name=choice]');
    assert.match(this.tab.url(), /\/account\/plan$/);
  }

  /** Signs, with pictures of what is signed and of what comes next. */
  async sign(name, lang = 'en') {
    await this.look('/account/plan', `${name}-home`);
    await this.look('/account/plan/check', `${name}-check`);
    await this.visit('/account/plan/check', lang);
    for (const box of await this.tab.locator('main input[type=checkbox]').all()) await box.check();
    await this.tab.locator('#signature').fill(this.signs ?? 'Ana Li');
    await this.press('main form .buttons button');
    assert.match(this.tab.url(), /\/account\/plan\/done/, await this.tab.locator('main').innerText());
    await this.look('/account/plan/done', `${name}-done`);
    this.plans = await this.tab.locator('main section.checked').count();
  }

  says(words) { return this.tab.locator('main').innerText().then(text => assert.match(text, words)); }
}

/** Who comes back after the insurer's answer. */
const born = {};

test('after a birth coverage goes back to its day', async () => {
  const on = typed(day(14));
  const said = { ...COUPLE, 'birth_date.3': on, 'relation.3': 'child', dependents: '3', amount: '4200', events: 'birth', event_day: on };
  const home = born.home = await Home.sent('zip=45202&county=39061&people=40,38,0&income=100800', said);
  await home.choose('/account/shop/1/plans');
  await home.look('/account/plan/start', 'birth-start');
  await home.sign('birth');
  assert.equal(home.plans, 1);
  await home.look('/account/coverage', 'birth-coverage-unpaid');
  met.none();
});

test('parents buy two plans while their children have CHIP', async () => {
  const said = { ...COUPLE, 'last_name.1': LONG, 'birth_date.3': '5/1/2015', 'birth_date.4': '5/1/2018', dependents: '3,4', amount: '2300', signature: `Ana ${LONG}` };
  const home = await Home.sent('zip=45202&county=39061&people=40,38,11,8&income=55200', said);
  await home.look('/account/plan/groups', 'family-groups');
  await home.tab.locator('input[name=way]').last().check();
  await home.press('main form .buttons button');
  await home.choose('/account/shop/1/plans?metal=gold');
  await home.choose('/account/shop/2/plans', 'es');
  home.signs = `ana ${LONG.toLowerCase()}`;
  await home.sign('family', 'es');
  assert.equal(home.plans, 2);
  await home.says(/Ben/);
  await home.look('/account/coverage', 'family-coverage');
  await home.context.close();
  met.none();
});

test('a child gets a dental plan, and what is left of the credit helps', async () => {
  const said = { ...COUPLE, 'first_name.2': 'Cai', 'relation.2': 'child', 'jointly.1': 'no', 'birth_date.1': '3/14/1963', 'birth_date.2': '5/1/2015', dependents: '2', earners: '1', amount: '3900' };
  const home = await Home.sent('zip=45202&county=39061&people=63,11&income=46800', said);
  await home.look('/account/plan/dental', 'dental-before');
  await home.choose('/account/shop/1/plans');
  await home.visit('/account/plan/dental', 'es');
  await home.tab.locator('[id="who.0-some"]').check();
  await home.press('main form .buttons button');
  const say = await met.keep(home.tab, 'dental-wrong', 'es');
  await met.sizes(home.tab, ['dental-wrong', 'es'], say, touch);
  await home.tab.locator('[id="who.0-children"]').check();
  await home.press('main form .buttons button');
  assert.match(home.tab.url(), /\/plans\?product=dental$/);
  await home.look('/account/shop/1/plans?product=dental', 'dental-list');
  await home.choose('/account/shop/1/plans?product=dental', 'es');
  await home.look('/account/plan/dental', 'dental');
  await home.sign('dental', 'es');
  assert.equal(home.plans, 2);
  await home.context.close();
  met.none();
});

test('somebody under 30 takes a catastrophic plan at its full price', async () => {
  const home = await Home.sent('zip=46204&county=18097&people=25&income=37650', { ...ALONE, zip: '46204', city: 'Indianapolis', birth_date: '3/14/2001' });
  await home.look('/account/shop/1/plans?metal=catastrophic', 'catastrophic-list');
  await home.choose('/account/shop/1/plans?metal=catastrophic');
  await home.sign('catastrophic');
  await home.context.close();
  met.none();
});

test('a member of a tribe has zero cost sharing', async () => {
  const said = { ...ALONE, tribal: '1', tribe: 'Shawnee Tribe', tribe_state: 'OK', events: 'none' };
  const home = await Home.sent('zip=45202&county=39061&people=40m&income=37650', said);
  await home.look('/account/shop/1/plans?metal=expanded_bronze', 'tribe-list');
  await home.choose('/account/shop/1/plans?metal=expanded_bronze', 'es');
  await home.sign('tribe', 'es');
  await home.context.close();
  met.none();
});

/** What the insurers say to what was sent to them: the first month is paid. Once a minute the server sends what was signed. */
async function paid(enrollments) {
  const out = join(sold.insurers, 'out');
  const sent = () => !existsSync(out) ? [] : readdirSync(out, { withFileTypes: true }).filter(e => e.isDirectory()).flatMap(e => readdirSync(join(out, e.name)).filter(file => file.endsWith('.834')).map(file => [e.name, file]));
  const count = () => sent().reduce((sum, [issuer, file]) => sum + (readFileSync(join(out, issuer, file), 'latin1').match(/[~\n]ST\*834/g) ?? []).length, 0);
  for (let waited = 0; count() < enrollments; waited++) {
    assert.ok(waited < 90, `${count()} of ${enrollments} enrollments were sent to insurers`);
    await new Promise(done => setTimeout(done, 1000));
  }
  for (const [issuer, file] of sent()) {
    const text = readFileSync(join(out, issuer, file), 'latin1');
    const segments = text.split('~').map(segment => {
      const part = segment.replace(/^\n/, '').split('*');
      if (part[0] === 'ISA') [part[5], part[6], part[7], part[8]] = [part[7], part[8], part[5], part[6]];
      if (part[0] === 'GS') [part[2], part[3]] = [part[3], part[2]];
      if (part[0] === 'INS') part[4] = '28';
      return part.join('*');
    });
    const folder = join(sold.insurers, 'in', issuer);
    mkdirSync(folder, { recursive: true });
    writeFileSync(join(folder, file), segments.join('~'), 'latin1');
  }
  sold.run('insurer', 'read', '--insurer-dir', sold.insurers);
}

test('what a family has once its insurer says that the first month is paid', async () => {
  const { home } = born;
  await paid(7);
  await home.look('/account/coverage', 'birth-coverage');
  await home.visit('/account/coverage');
  await home.press('main a[href*="/account/coverage/"]');
  const one = new URL(home.tab.url()).pathname;
  for (const page of ['', '/change', '/renew', '/end']) await home.look(one + page, `birth-coverage-one${page.replace('/', '-')}`);
  for (const year of [2026, 2027]) await home.look(`/account/taxes/${year}`, `birth-taxes-${year}`);
  for (const page of ['/account/plan/done', one, '/account/taxes/2026']) {
    await home.visit(page, 'es');
    const name = `birth-${page.split('/').pop().slice(0, 5)}-es`;
    await home.tab.emulateMedia({ colorScheme: 'dark' });
    await met.picture(home.tab, `${name}-dark`);
    await home.tab.emulateMedia({ colorScheme: 'light', media: 'print' });
    await met.picture(home.tab, `${name}-paper`);
    await home.tab.emulateMedia({ media: 'screen' });
  }
  await home.context.close();
  met.none();
});

test('all of these pages are valid HTML', () => met.valid(60));
