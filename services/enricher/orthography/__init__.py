"""The spellings of Uzbek and Kazakh: from one orthography to another, and one fold of them all for matching.

- `uzbek`: `to_latin`, `to_cyrillic`, `to_new_latin`, each from any of the three orthographies or a mixture.
- `folding`: `folded(text, language)`, the key of `services.contracts.folding.fold` with a way back to the original.
- `kazakh`: the Kazakh fold, Cyrillic and the Latin of 2021 to one key.
- `words`: which parts of a text are words to be spelled anew, and which (addresses, hashtags) are not.

Everything here is pure, takes time linear in the text, and leaves what it does not know as it stands.
"""
