-- services.contracts.folding.fold for people who search with SQL; a test holds the two together.
CREATE OR REPLACE FUNCTION xabar_fold(given text) RETURNS text LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE AS $fold$
    WITH apostrophes AS (  -- before compatibility forms, which turn the acute accent into a space
        SELECT translate(given, '''ʻʼʹʽ‘’‛`´′＇', 'ʻʻʻʻʻʻʻʻʻʻʻʻ') AS t
    ), lower_case AS (
        SELECT normalize(lower(replace(replace(normalize(t, NFKC), 'İ', 'i̇'), 'ß', 'ss')), NFKC) AS t FROM apostrophes
    ), one_apostrophe AS (
        SELECT translate(t, '''ʻʼʹʽ‘’‛`´′＇', 'ʻʻʻʻʻʻʻʻʻʻʻʻ') AS t FROM lower_case
    ), hard_signs AS (
        SELECT regexp_replace(regexp_replace(t,
            '(?<![аеёиоуэюяўы])ъ(?=[ёюя])', '', 'g'), '(?<![аеёиоуэюяўы])ъе', 'ye', 'g') AS t FROM one_apostrophe
    ), by_place AS (
        SELECT replace(regexp_replace(regexp_replace(t,
            '(?:(?<![[:alpha:]])|(?<=[аеёиоуэюяўъь]))е', 'ye', 'g'),
            '(?<=[аеёиоуэюяў])цц?', 'ts', 'g'), 'ьо', 'yo') AS t FROM hard_signs
    ), letters AS (
        SELECT translate(t, 'абвгдежзийклмнопрстуфхцъыэқҳь', 'abvgdejziyklmnoprstufxsʻieqh') AS t FROM by_place
    ), pairs AS (
        SELECT replace(replace(replace(replace(replace(replace(replace(replace(
            t, 'ё', 'yo'), 'ч', 'ch'), 'ш', 'sh'), 'щ', 'sh'), 'ю', 'yu'), 'я', 'ya'), 'ў', 'oʻ'), 'ғ', 'gʻ') AS t
        FROM letters
    ), new_latin AS (
        SELECT replace(replace(replace(replace(translate(normalize(t, NFKC), 'õŏș', 'ööş'),
            'ö', 'oʻ'), 'ğ', 'gʻ'), 'ş', 'sh'), 'ç', 'ch') AS t FROM pairs
    ), apart AS (
        SELECT replace(regexp_replace(t, '(?<=oʻ)ʻ+', '', 'g'), 'sʻh', 'sh') AS t FROM new_latin
    )
    SELECT btrim(regexp_replace(replace(normalize(t, NFKC), 'tyabr', 'tabr'), '\s+', ' ', 'g')) FROM apart
$fold$
