-- The catalogue: one plan year of what insurers sell, built once by `windowshop load`, then only read.
--
-- Sources are the CMS Exchange Public Use Files (PUF), in the words of their data dictionaries, and two tables of
-- geography. Money is whole cents. Shares are basis points (bp, 1/100 of a percent) or parts per million (ppm).
-- NULL always means "not filed"; a zero is a filed zero. Yes/no columns hold 1 and 0.
-- "Attributes" below is the Plan Attributes PUF, "Benefits" the Benefits and Cost Sharing PUF.

-- What this file is: one row a fact.
CREATE TABLE meta (
    key TEXT PRIMARY KEY,      -- schema_version, plan_year, built_at, hash, rates_provenance, note, loader,
                               -- count.<table>, unsold.<cause>, sample_of, sample_counties; what became of the plans and
                               -- insurers filed: plans.filed, .kept, .left_out, .left_out.<cause>, .small_group, .sold,
                               -- plans.medical_on_exchange.filed, .kept, .sold, insurers.filed, .kept, .selling,
                               -- insurers.left_out (their numbers) …
    value TEXT NOT NULL        -- the fact in words or digits; built_at is RFC 3339 in UTC
) STRICT, WITHOUT ROWID;

-- Every file this catalogue was built from.
CREATE TABLE source_file (
    name TEXT NOT NULL,            -- file name as given, without its folder; a zip's member after a slash
    kind TEXT NOT NULL,            -- which of CMS's files it is, e.g. 'Rate PUF'
    sha256 TEXT NOT NULL,          -- of the file as given (of the zip, where zipped), lower-case hex
    bytes INTEGER NOT NULL,        -- size of the file as given
    rows_read INTEGER NOT NULL,    -- data rows, without the header
    rows_kept INTEGER NOT NULL,    -- rows that became part of the catalogue
    rows_skipped INTEGER NOT NULL, -- rows left out: small-group (SHOP) rows and rows with faults
    PRIMARY KEY (kind, name)
) STRICT, WITHOUT ROWID;

-- ── Code tables: what the small integers mean ───────────────────────────────────────────────────────────────────

CREATE TABLE metal (code INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE) STRICT; -- Attributes.MetalLevel
INSERT INTO metal VALUES (1, 'Catastrophic'), (2, 'Bronze'), (3, 'Expanded Bronze'), (4, 'Silver'), (5, 'Gold'),
    (6, 'Platinum'), (7, 'Low'), (8, 'High'); -- 7 and 8 are the two levels of dental plans

CREATE TABLE plan_type (code INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE) STRICT; -- Attributes.PlanType
INSERT INTO plan_type VALUES (1, 'HMO'), (2, 'PPO'), (3, 'EPO'), (4, 'POS'), (5, 'Indemnity'),
    (6, 'Other or not filed');

CREATE TABLE product (code INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE) STRICT; -- Attributes.DentalOnlyPlan
INSERT INTO product VALUES (0, 'Medical'), (1, 'Dental');

-- The last two digits of Attributes.PlanId (45 CFR 156.420 for the cost-sharing reductions).
CREATE TABLE variant_kind (code INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE) STRICT;
INSERT INTO variant_kind VALUES (0, 'Off exchange'), (1, 'On exchange'), (2, 'Zero cost sharing'),
    (3, 'Limited cost sharing'), (4, '73% silver'), (5, '87% silver'), (6, '94% silver');

-- Bits of variant.programs; the words are those of Attributes.DiseaseManagementProgramsOffered.
CREATE TABLE disease_program (bit INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE) STRICT;
INSERT INTO disease_program VALUES (1, 'Asthma'), (2, 'Depression'), (4, 'Diabetes'), (8, 'Heart Disease'),
    (16, 'High Blood Pressure & High Cholesterol'), (32, 'Low Back Pain'), (64, 'Pain Management'), (128, 'Pregnancy'),
    (256, 'Weight Loss Programs');

-- How a copay or a share of the bill is charged: the *_kind columns of cost_sharing.
-- "Before the deductible" is filed as "Copay with deductible": it is charged first, then the deductible applies.
CREATE TABLE share_kind (code INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE) STRICT;
INSERT INTO share_kind VALUES (0, 'Words not understood'), (1, 'Not applicable'), (2, 'No charge'),
    (3, 'No charge after deductible'), (4, 'Amount'), (5, 'Amount after deductible'), (6, 'Amount before deductible'),
    (7, 'Amount per stay'), (8, 'Amount per stay after deductible'), (9, 'Amount per stay before deductible'),
    (10, 'Amount per day'), (11, 'Amount per day after deductible'), (12, 'Amount per day before deductible');

-- The four integers that name a row of cost_limit.
CREATE TABLE limit_kind (code INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE) STRICT;
INSERT INTO limit_kind VALUES (1, 'deductible'), (2, 'moop'); -- moop: the most one pays out of pocket in a year
CREATE TABLE limit_scope (code INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE) STRICT;
INSERT INTO limit_scope VALUES (1, 'medical'), (2, 'drug'), (3, 'combined'); -- MEHB…, DEHB…, TEHB… columns
CREATE TABLE limit_network (code INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE) STRICT;
INSERT INTO limit_network VALUES (1, 'tier1'), (2, 'tier2'), (3, 'out'), (4, 'in_and_out');
CREATE TABLE limit_who (code INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE) STRICT;
INSERT INTO limit_who VALUES (1, 'individual'), (2, 'family_per_person'), (3, 'family_per_group');

-- ── Places ──────────────────────────────────────────────────────────────────────────────────────────────────────

-- Every county of the United States, also where this catalogue sells nothing.
CREATE TABLE county (
    county_fips INTEGER PRIMARY KEY, -- five-digit FIPS code as a number (39061)
    state TEXT NOT NULL,             -- two-letter postal code
    name TEXT NOT NULL               -- with its kind of county: 'Hamilton County'
) STRICT;

-- Which counties a ZIP code reaches into.
CREATE TABLE zip_county (
    zip INTEGER NOT NULL,            -- five-digit ZIP as a number (00501 is 501)
    county_fips INTEGER NOT NULL REFERENCES county (county_fips),
    ratio_ppm INTEGER NOT NULL,      -- share of the ZIP's homes in the county, ppm
    PRIMARY KEY (zip, county_fips)
) STRICT, WITHOUT ROWID;

-- Rating areas: within one, a plan's premium does not depend on the address (45 CFR 147.102(b)).
CREATE TABLE rating_area (
    rating_area_pk INTEGER PRIMARY KEY, -- counts up by (state, number)
    state TEXT NOT NULL,                -- two-letter postal code
    number INTEGER NOT NULL,            -- the state's own number: 4 of 'Rating Area 4'
    UNIQUE (state, number)
) STRICT;

-- Where a rating area lies. A county with rows by county_fips uses them; any other goes by the ZIP's first three digits.
CREATE TABLE rating_area_place (
    state TEXT NOT NULL,
    county_fips INTEGER,        -- NULL where the area is drawn by ZIP
    zip3 INTEGER,               -- first three digits of a ZIP (995); NULL where the area is drawn by county
    rating_area_pk INTEGER NOT NULL REFERENCES rating_area (rating_area_pk),
    CHECK ((county_fips IS NULL) <> (zip3 IS NULL))
) STRICT;

-- ── Plans ───────────────────────────────────────────────────────────────────────────────────────────────────────

-- Insurers that have a plan in this catalogue.
CREATE TABLE issuer (
    issuer_id INTEGER PRIMARY KEY,  -- Attributes.IssuerId, five digits
    state TEXT NOT NULL,            -- Attributes.StateCode
    name TEXT NOT NULL,             -- Attributes.IssuerMarketPlaceMarketingName
    phone TEXT,                     -- customer service; from optional columns of Attributes, CMS publishes none
    tty TEXT,                       -- telephone for the deaf, same
    url TEXT                        -- insurer's site, same
) STRICT;

-- One row a plan: what all its variants share, as filed for variant 01 (00 where a plan is only sold off exchange).
-- Individual market only; small-group (SHOP) plans are not in the file.
CREATE TABLE plan (
    plan_pk INTEGER PRIMARY KEY,    -- counts up by (state, product, plan_id), so that neighbors are stored together
    plan_id TEXT NOT NULL UNIQUE,   -- Attributes.StandardComponentId, 14 characters
    state TEXT NOT NULL,            -- Attributes.StateCode
    issuer_id INTEGER NOT NULL REFERENCES issuer (issuer_id), -- Attributes.IssuerId
    name TEXT NOT NULL,             -- Attributes.PlanMarketingName
    product INTEGER NOT NULL REFERENCES product (code), -- Attributes.DentalOnlyPlan
    metal INTEGER NOT NULL REFERENCES metal (code),     -- Attributes.MetalLevel
    plan_type INTEGER NOT NULL REFERENCES plan_type (code), -- Attributes.PlanType
    qhp_type TEXT NOT NULL,         -- Attributes.QHPNonQHPTypeId: 'Both', 'On the Exchange', 'Off the Exchange'
    on_exchange INTEGER NOT NULL,   -- 1 when qhp_type is 'Both' or 'On the Exchange'
    design TEXT,                    -- Attributes.DesignType, a standardized plan option ('Design 1'); NULL: none
    unique_design INTEGER,          -- Attributes.UniquePlanDesign
    is_new INTEGER NOT NULL,        -- Attributes.IsNewPlan is 'New'
    hsa INTEGER,                    -- Attributes.IsHSAEligible
    national_network INTEGER,       -- Attributes.NationalNetwork
    referral_required INTEGER,      -- Attributes.IsReferralRequiredForSpecialist
    referral_specialists TEXT,      -- Attributes.SpecialistRequiringReferral, filed words
    exclusions TEXT,                -- Attributes.PlanLevelExclusions, filed words
    pregnancy_notice INTEGER,       -- Attributes.IsNoticeRequiredForPregnancy
    ehb_ppm INTEGER,                -- Attributes.EHBPercentTotalPremium: essential health benefits' share of the premium
    pediatric_dental_ppm INTEGER,   -- Attributes.EHBPediatricDentalApportionmentQuantity: same for children's dental
    child_only TEXT NOT NULL,       -- Attributes.ChildOnlyOffering: 'both', 'child' or 'adult'
    child_only_plan_id TEXT,        -- Attributes.ChildOnlyPlanId: the child-only plan that goes with this one
    composite_rating INTEGER,       -- Attributes.CompositeRatingOffered
    wellness INTEGER,               -- Attributes.WellnessProgramOffered
    disease_programs TEXT,          -- Attributes.DiseaseManagementProgramsOffered, filed words
    out_of_country INTEGER,         -- Attributes.OutOfCountryCoverage
    out_of_country_description TEXT, -- Attributes.OutOfCountryCoverageDescription
    out_of_service_area INTEGER,    -- Attributes.OutOfServiceAreaCoverage
    out_of_service_area_description TEXT, -- Attributes.OutOfServiceAreaCoverageDescription
    network_id TEXT,                -- Attributes.NetworkId, unique within the issuer
    service_area_id TEXT,           -- Attributes.ServiceAreaId, unique within the issuer
    formulary_id TEXT,              -- Attributes.FormularyId, unique within the issuer
    formulary_url TEXT,             -- Attributes.FormularyURL, http or https only
    brochure_url TEXT,              -- Attributes.PlanBrochure, http or https only
    payment_url TEXT,               -- Attributes.URLForEnrollmentPayment, http or https only
    hios_product_id TEXT,           -- Attributes.HIOSProductId, first ten characters of the plan id
    effective_date TEXT,            -- Attributes.PlanEffectiveDate, yyyy-mm-dd
    expiration_date TEXT,           -- Attributes.PlanExpirationDate, yyyy-mm-dd
    guaranteed_rate INTEGER,        -- Attributes.IsGuaranteedRate, dental only: 1 guaranteed, 0 estimated
    indian_advance_cents INTEGER,   -- Attributes.IndianPlanVariationEstimatedAdvancedPaymentAmountPerEnrollee
    stars_overall INTEGER,          -- Quality PUF OverallRatingValue: NULL no row, 0 'Not Rated', 1 to 5
    stars_member_experience INTEGER, -- Quality PUF MemberExperienceRatingValue, same
    stars_medical_care INTEGER,     -- Quality PUF MedicalCareRatingValue, same
    stars_plan_administration INTEGER -- Quality PUF PlanAdministrationRatingValue, same
) STRICT;

-- The narrow row that every search reads, one for each variant of a plan.
CREATE TABLE variant (
    variant_pk INTEGER PRIMARY KEY,     -- plan_pk * 8 + variant_code: one integer is found in half the time of two
    plan_pk INTEGER NOT NULL REFERENCES plan (plan_pk),
    variant_code INTEGER NOT NULL REFERENCES variant_kind (code), -- last two digits of Attributes.PlanId
    product INTEGER NOT NULL,
    metal INTEGER NOT NULL REFERENCES metal (code),
    plan_type INTEGER NOT NULL,
    issuer_id INTEGER NOT NULL,
    standard_design INTEGER NOT NULL,   -- 1: a standardized plan option
    hsa INTEGER NOT NULL,               -- 1: filed 'Yes'; 0: 'No' or not filed
    national INTEGER NOT NULL,          -- 1: national network; 0: not, or not filed
    referral_free INTEGER NOT NULL,     -- 1: filed that specialists need no referral; 0: needed, or not filed
    is_new INTEGER NOT NULL,
    child_dental INTEGER NOT NULL,      -- 1: any variant covers a dental check-up or basic dental care for children
    adult_dental INTEGER NOT NULL,      -- 1: any variant covers routine dental services or basic dental care for adults
    stars INTEGER NOT NULL,             -- plan.stars_overall; 0: not rated, or not known
    programs INTEGER NOT NULL,          -- sum of disease_program.bit
    ehb_ppm INTEGER NOT NULL,           -- plan.ehb_ppm; 1000000 where not filed (plan.ehb_ppm is NULL then)
    deductible_individual INTEGER,      -- cents a year, in network tier 1 (in and out together where no tier 1 is filed):
                                        -- medical and drug together when integrated, else medical
    deductible_family INTEGER,          -- same, for the whole family
    moop_individual INTEGER,            -- the most one person pays out of pocket in a year, same choice
    moop_family INTEGER,                -- same, for the whole family
    drug_deductible_individual INTEGER, -- cents a year, only where drugs have a deductible of their own
    drug_deductible_family INTEGER,
    UNIQUE (plan_pk, variant_code),
    CHECK (variant_pk = plan_pk * 8 + variant_code)
) STRICT;

-- What the plan page says about a variant.
CREATE TABLE variant_detail (
    plan_pk INTEGER NOT NULL,
    variant_code INTEGER NOT NULL,
    plan_variant_id TEXT NOT NULL,      -- Attributes.PlanId, 17 characters
    name TEXT,                          -- Attributes.PlanVariantMarketingName
    csr_type TEXT,                      -- Attributes.CSRVariationType, filed words
    issuer_av_bp INTEGER,               -- Attributes.IssuerActuarialValue, bp
    av_calculator_bp INTEGER,           -- Attributes.AVCalculatorOutputNumber, bp, rounded half up
    deductibles_integrated INTEGER,     -- Attributes.MedicalDrugDeductiblesIntegrated
    moop_integrated INTEGER,            -- Attributes.MedicalDrugMaximumOutofPocketIntegrated
    multiple_tiers INTEGER,             -- Attributes.MultipleInNetworkTiers
    tier1_utilization_bp INTEGER,       -- Attributes.FirstTierUtilization, bp of visits
    tier2_utilization_bp INTEGER,       -- Attributes.SecondTierUtilization, bp of visits
    specialty_drug_max_coinsurance INTEGER, -- Attributes.SpecialtyDrugMaximumCoinsurance, cents
    inpatient_copay_max_days INTEGER,   -- Attributes.InpatientCopaymentMaximumDays; 0: no maximum
    primary_care_visits_before_cost_sharing INTEGER, -- Attributes.BeginPrimaryCareCostSharingAfterNumberOfVisits
    primary_care_copays_before_deductible INTEGER, -- Attributes.BeginPrimaryCareDeductibleCoinsuranceAfterNumberOfCopays
    hsa_employer_contribution INTEGER,  -- Attributes.HSAOrHRAEmployerContribution
    hsa_employer_contribution_cents INTEGER, -- Attributes.HSAOrHRAEmployerContributionAmount
    sbc_url TEXT,                       -- Attributes.URLForSummaryofBenefitsCoverage, http or https only
    brochure_url TEXT,                  -- Attributes.PlanBrochure where this variant has another than plan.brochure_url
    PRIMARY KEY (plan_pk, variant_code),
    FOREIGN KEY (plan_pk, variant_code) REFERENCES variant (plan_pk, variant_code)
) STRICT, WITHOUT ROWID;

-- Every deductible and out-of-pocket maximum as filed; nothing filed, no row.
CREATE TABLE cost_limit (
    plan_pk INTEGER NOT NULL,
    variant_code INTEGER NOT NULL,
    kind INTEGER NOT NULL,     -- limit_kind
    scope INTEGER NOT NULL,    -- limit_scope
    network INTEGER NOT NULL,  -- limit_network
    who INTEGER NOT NULL,      -- limit_who
    cents INTEGER,             -- a year; NULL where filed 'Not Applicable'
    filed TEXT NOT NULL,       -- the words, e.g. '$1800 per group'
    PRIMARY KEY (plan_pk, variant_code, kind, scope, network, who)
) STRICT, WITHOUT ROWID;

-- The share of the bill one pays after the deductible where a benefit names none of its own.
CREATE TABLE default_coinsurance (
    plan_pk INTEGER NOT NULL,
    variant_code INTEGER NOT NULL,
    scope INTEGER NOT NULL,        -- limit_scope
    network INTEGER NOT NULL,      -- limit_network
    basis_points INTEGER NOT NULL, -- Attributes.…DedInnTier1Coinsurance, …Tier2Coinsurance
    PRIMARY KEY (plan_pk, variant_code, scope, network)
) STRICT, WITHOUT ROWID;

-- What the plan's member pays in the three worked examples of the Summary of Benefits and Coverage.
CREATE TABLE sbc_example (
    plan_pk INTEGER NOT NULL,
    variant_code INTEGER NOT NULL,
    example TEXT NOT NULL,     -- 'baby', 'diabetes', 'fracture': Attributes.SBCHavingaBaby…, …Diabetes…, …Simplefracture…
    deductible INTEGER,        -- cents, each of the four
    copay INTEGER,
    coinsurance INTEGER,
    limit_exclusions INTEGER,  -- paid for what is limited or excluded: Attributes.SBC…Limit
    PRIMARY KEY (plan_pk, variant_code, example)
) STRICT, WITHOUT ROWID;

-- Kinds of care.
CREATE TABLE benefit (
    benefit_id INTEGER PRIMARY KEY, -- counts up in the order of the file
    name TEXT NOT NULL UNIQUE,      -- Benefits.BenefitName
    slug TEXT NOT NULL UNIQUE       -- the name in lower case with hyphens, for URLs and code
) STRICT;

-- What a member pays for a kind of care. Words as filed, and what they mean: share_kind, and an amount in cents for a
-- copay, in bp of the bill for coinsurance (NULL where the kind has none).
CREATE TABLE cost_sharing (
    plan_pk INTEGER NOT NULL,
    variant_code INTEGER NOT NULL,
    benefit_id INTEGER NOT NULL REFERENCES benefit (benefit_id),
    covered INTEGER,                -- Benefits.IsCovered
    is_ehb INTEGER,                 -- Benefits.IsEHB: an essential health benefit
    copay_tier1 TEXT, copay_tier1_kind INTEGER, copay_tier1_amount INTEGER, -- Benefits.CopayInnTier1
    copay_tier2 TEXT, copay_tier2_kind INTEGER, copay_tier2_amount INTEGER, -- Benefits.CopayInnTier2
    copay_out TEXT, copay_out_kind INTEGER, copay_out_amount INTEGER,       -- Benefits.CopayOutofNet
    coins_tier1 TEXT, coins_tier1_kind INTEGER, coins_tier1_amount INTEGER, -- Benefits.CoinsInnTier1
    coins_tier2 TEXT, coins_tier2_kind INTEGER, coins_tier2_amount INTEGER, -- Benefits.CoinsInnTier2
    coins_out TEXT, coins_out_kind INTEGER, coins_out_amount INTEGER,       -- Benefits.CoinsOutofNet
    limited INTEGER,                -- Benefits.QuantLimitOnSvc: there is a limit on quantity
    limit_qty TEXT,                 -- Benefits.LimitQty, '.0' dropped
    limit_unit TEXT,                -- Benefits.LimitUnit, filed words
    exclusions TEXT,                -- Benefits.Exclusions, filed words
    explanation TEXT,               -- Benefits.Explanation, filed words
    ehb_variance TEXT,              -- Benefits.EHBVarReason, filed words
    excluded_in_moop INTEGER,       -- Benefits.IsExclFromInnMOOP: does not count toward the in-network maximum
    excluded_out_moop INTEGER,      -- Benefits.IsExclFromOonMOOP
    PRIMARY KEY (plan_pk, variant_code, benefit_id),
    FOREIGN KEY (plan_pk, variant_code) REFERENCES variant (plan_pk, variant_code)
) STRICT, WITHOUT ROWID;

-- ── Prices and places of sale ───────────────────────────────────────────────────────────────────────────────────

-- Monthly premiums in force on 1 January of the plan year, in cents: one row for a plan in a rating area (Rate PUF).
-- aNN is IndividualRate at age NN, tNN IndividualTobaccoRate (aNN where none is filed); a14 holds for ages 0 to 14,
-- a64 for 64 and over. A band (0-20) fills each of its ages.
CREATE TABLE rate (
    rate_pk INTEGER PRIMARY KEY,    -- rating_area_pk * 1048576 + plan_pk: see variant_pk
    rating_area_pk INTEGER NOT NULL REFERENCES rating_area (rating_area_pk), -- Rate PUF StateCode, RatingAreaId
    plan_pk INTEGER NOT NULL REFERENCES plan (plan_pk),                      -- Rate PUF PlanId, 14 characters
    tiered INTEGER NOT NULL,        -- 1: priced by kind of family, not by each member's age (Age is 'Family Option')
    tobacco_rated INTEGER NOT NULL, -- 1: a tobacco rate is filed for some age
    a14 INTEGER NOT NULL, a15 INTEGER NOT NULL, a16 INTEGER NOT NULL, a17 INTEGER NOT NULL, a18 INTEGER NOT NULL,
    a19 INTEGER NOT NULL, a20 INTEGER NOT NULL, a21 INTEGER NOT NULL, a22 INTEGER NOT NULL, a23 INTEGER NOT NULL,
    a24 INTEGER NOT NULL, a25 INTEGER NOT NULL, a26 INTEGER NOT NULL, a27 INTEGER NOT NULL, a28 INTEGER NOT NULL,
    a29 INTEGER NOT NULL, a30 INTEGER NOT NULL, a31 INTEGER NOT NULL, a32 INTEGER NOT NULL, a33 INTEGER NOT NULL,
    a34 INTEGER NOT NULL, a35 INTEGER NOT NULL, a36 INTEGER NOT NULL, a37 INTEGER NOT NULL, a38 INTEGER NOT NULL,
    a39 INTEGER NOT NULL, a40 INTEGER NOT NULL, a41 INTEGER NOT NULL, a42 INTEGER NOT NULL, a43 INTEGER NOT NULL,
    a44 INTEGER NOT NULL, a45 INTEGER NOT NULL, a46 INTEGER NOT NULL, a47 INTEGER NOT NULL, a48 INTEGER NOT NULL,
    a49 INTEGER NOT NULL, a50 INTEGER NOT NULL, a51 INTEGER NOT NULL, a52 INTEGER NOT NULL, a53 INTEGER NOT NULL,
    a54 INTEGER NOT NULL, a55 INTEGER NOT NULL, a56 INTEGER NOT NULL, a57 INTEGER NOT NULL, a58 INTEGER NOT NULL,
    a59 INTEGER NOT NULL, a60 INTEGER NOT NULL, a61 INTEGER NOT NULL, a62 INTEGER NOT NULL, a63 INTEGER NOT NULL,
    a64 INTEGER NOT NULL,
    t14 INTEGER NOT NULL, t15 INTEGER NOT NULL, t16 INTEGER NOT NULL, t17 INTEGER NOT NULL, t18 INTEGER NOT NULL,
    t19 INTEGER NOT NULL, t20 INTEGER NOT NULL, t21 INTEGER NOT NULL, t22 INTEGER NOT NULL, t23 INTEGER NOT NULL,
    t24 INTEGER NOT NULL, t25 INTEGER NOT NULL, t26 INTEGER NOT NULL, t27 INTEGER NOT NULL, t28 INTEGER NOT NULL,
    t29 INTEGER NOT NULL, t30 INTEGER NOT NULL, t31 INTEGER NOT NULL, t32 INTEGER NOT NULL, t33 INTEGER NOT NULL,
    t34 INTEGER NOT NULL, t35 INTEGER NOT NULL, t36 INTEGER NOT NULL, t37 INTEGER NOT NULL, t38 INTEGER NOT NULL,
    t39 INTEGER NOT NULL, t40 INTEGER NOT NULL, t41 INTEGER NOT NULL, t42 INTEGER NOT NULL, t43 INTEGER NOT NULL,
    t44 INTEGER NOT NULL, t45 INTEGER NOT NULL, t46 INTEGER NOT NULL, t47 INTEGER NOT NULL, t48 INTEGER NOT NULL,
    t49 INTEGER NOT NULL, t50 INTEGER NOT NULL, t51 INTEGER NOT NULL, t52 INTEGER NOT NULL, t53 INTEGER NOT NULL,
    t54 INTEGER NOT NULL, t55 INTEGER NOT NULL, t56 INTEGER NOT NULL, t57 INTEGER NOT NULL, t58 INTEGER NOT NULL,
    t59 INTEGER NOT NULL, t60 INTEGER NOT NULL, t61 INTEGER NOT NULL, t62 INTEGER NOT NULL, t63 INTEGER NOT NULL,
    t64 INTEGER NOT NULL,
    couple INTEGER,             -- family tiers, whole price: Couple
    one_dependent INTEGER,      -- PrimarySubscriberAndOneDependent
    two_dependents INTEGER,     -- PrimarySubscriberAndTwoDependents
    three_dependents INTEGER,   -- PrimarySubscriberAndThreeOrMoreDependents
    couple_one INTEGER,         -- CoupleAndOneDependent
    couple_two INTEGER,         -- CoupleAndTwoDependents
    couple_three INTEGER,       -- CoupleAndThreeOrMoreDependents
    CHECK (rate_pk = rating_area_pk * 1048576 + plan_pk)
) STRICT;

-- Which on-exchange plans a county's residents can buy (Service Area PUF, spread over counties).
CREATE TABLE sold (
    county_fips INTEGER NOT NULL REFERENCES county (county_fips),
    product INTEGER NOT NULL,
    plan_pk INTEGER NOT NULL REFERENCES plan (plan_pk),
    metal INTEGER NOT NULL,     -- plan.metal, here so that a search knows which variant to fetch
    by_zip INTEGER NOT NULL,    -- 1: only in the ZIP codes of sold_zip
    child_only INTEGER NOT NULL, -- 1: sold to children only (plan.child_only is 'child')
    PRIMARY KEY (county_fips, product, plan_pk)
) STRICT, WITHOUT ROWID;

-- ZIP codes of the counties in which a plan is sold in part (Service Area PUF PartialCounty, ZipCodes; or a county that
-- spans rating areas and the plan is priced in some of them).
CREATE TABLE sold_zip (
    county_fips INTEGER NOT NULL,
    plan_pk INTEGER NOT NULL REFERENCES plan (plan_pk),
    zip INTEGER NOT NULL,
    PRIMARY KEY (county_fips, plan_pk, zip)
) STRICT, WITHOUT ROWID;

-- Words of plan and insurer names, for search; rowid is plan_pk. The text itself is in plan and issuer.
CREATE VIRTUAL TABLE plan_fts USING fts5 (
    name, issuer, content = '', tokenize = 'unicode61 remove_diacritics 2', prefix = '2 3'
);

-- ── Files that not every load has; empty then ───────────────────────────────────────────────────────────────────

-- Which plan takes over from last year's (Plan ID Crosswalk PUF; columns carry the years, …_2025 and …_2026).
CREATE TABLE crosswalk (
    previous_plan_id TEXT NOT NULL,   -- PlanID_<last year>
    state TEXT NOT NULL,              -- State
    county_fips INTEGER,              -- FIPSCode
    zip INTEGER,                      -- ZipCode; NULL (filed 00000): the whole county
    level INTEGER,                    -- CrosswalkLevel: 0 same plan … 3 by ZIP; 4, 5 none
    reason INTEGER,                   -- ReasonForCrosswalk
    plan_id TEXT,                     -- PlanID_<plan year>; NULL: no plan takes over
    age_off_plan_id TEXT,             -- AgeOffPlanID_<plan year>: for those too old for a catastrophic or child-only plan
    dental INTEGER                    -- DentalPlan
) STRICT;

-- Provider networks by name (Network PUF).
CREATE TABLE network (
    issuer_id INTEGER NOT NULL,       -- IssuerId
    network_id TEXT NOT NULL,         -- NetworkId; joins plan.network_id
    name TEXT NOT NULL,               -- NetworkName
    url TEXT,                         -- NetworkURL, http or https only
    PRIMARY KEY (issuer_id, network_id)
) STRICT, WITHOUT ROWID;

-- How an issuer counts ages, tobacco and dependents (Business Rules PUF); filed words.
CREATE TABLE business_rule (
    issuer_id INTEGER NOT NULL,       -- IssuerId
    product_id TEXT,                  -- ProductId; NULL: all products
    plan_id TEXT,                     -- StandardComponentId; NULL: all plans of the product
    rate_determination TEXT,          -- EnrolleeContractRateDeterminationRule
    two_parent_max_dependents TEXT,   -- TwoParentFamilyMaxDependentsRule
    single_parent_max_dependents TEXT, -- SingleParentFamilyMaxDependentsRule
    dependent_max_age TEXT,           -- DependentMaximumAgRule (CMS's spelling)
    child_only_max_children TEXT,     -- ChildrenOnlyContractMaxChildrenRule
    domestic_partner_as_spouse TEXT,  -- DomesticPartnerAsSpouseIndicator
    same_sex_partner_as_spouse TEXT,  -- SameSexPartnerAsSpouseIndicator
    age_determination_rule TEXT,      -- AgeDeterminationRule
    tobacco_free_months TEXT,         -- MinimumTobaccoFreeMonthsRule
    cohabitation TEXT                 -- CohabitationRule
) STRICT;
