# SPDX-License-Identifier: GPL-3.0-or-later
"""Which preset, key or draw is which instrument; and under what licence."""

from __future__ import annotations

from requinto_lab.material.rendering import Keys

OWN_LICENCE = "GPL-3.0-or-later (synthesised by Requinto)"
LICENCES = {
    "fluid": "MIT (FluidR3_GM)",
    "tim": "GPL-2 (TimGM6mb)",
    "opl3": "CC-BY-SA-4.0 (OPL-3 FM 128M, Zandro Reveille)",
    "freepats": "GPL-2+ with an exception for what is played (freepats)",
    "zyn": "GPL-2+ (patches of ZynAddSubFX)",
    "machines": "GPL-2+ (DrumSynth presets of LMMS)",
    "avl": "CC-BY-SA-3.0 (AVL Drumkits, Glen MacArthur)",
    "sonic-pi": "CC0-1.0 (samples of Sonic Pi)",
    "singers": "CC-BY-SA-3.0, CC-BY-3.0 (prompts of Asterisk)",
    "hand": "GPL-2 (Hydrogen, Gimme A Hand 1.0)",
    **dict.fromkeys(
        ("black-guitar", "green-guitar"), "CC0-1.0 (Black And Green Guitars)"
    ),
    **dict.fromkeys(
        ("shiny-guitar-electric", "shiny-guitar-acoustic"), "CC0-1.0 (Shinyguitar)"
    ),
    "classical-guitar": "CC0-1.0 (FreePats, Spanish classical guitar)",
    "growly-bass": "CC0-1.0 (Growlybass)",
    **dict.fromkeys(("meat-bass", "meat-bass-bowed"), "CC0-1.0 (Meatbass)"),
    "double-bass": "CC0-1.0 (D. Smolken, double bass)",
    "were-sax": "CC0-1.0 (Weresax)",
    "war-tuba": "CC0-1.0 (War Tuba)",
    **dict.fromkeys(("bobobo", "cajon"), "CC0-1.0 (Gogodze Phu Vol I)"),
    "transistor-organ": "CC0-1.0 (Caveman Cosmonaut)",
    "upright-piano": "CC0-1.0 (FreePats, upright piano)",
    "strums": "CC-BY-3.0 (Hydrogen, belofilms_GuitarStrums)",
}
# General MIDI presets, from 0
PROGRAMS: dict[str, dict[str, int]] = {
    "guitar": {
        "nylon": 24,
        "steel": 25,
        "jazz": 26,
        "clean": 27,
        "muted": 28,
        "overdriven": 29,
        "distorted": 30,
    },
    "bass": {
        "acoustic": 32,
        "finger": 33,
        "pick": 34,
        "fretless": 35,
        "slap": 36,
        "synth1": 38,
        "synth2": 39,
    },
    "piano": {
        "grand": 0,
        "bright": 1,
        "electric-grand": 2,
        "electric": 4,
        "electric2": 5,
        "clavinet": 7,
    },
    "organ": {"drawbar": 16, "percussive": 17, "rock": 18, "church": 19, "reed": 20},
    "accordion": {"accordion": 21, "bandoneon": 23, "harmonica": 22},
    "strings": {"ensemble": 48, "slow": 49, "violin": 40, "cello": 42, "synth": 50},
    "brass": {"trumpet": 56, "trombone": 57, "section": 61, "horn": 60, "synth": 62},
    "reed": {"alto": 65, "tenor": 66, "clarinet": 71, "oboe": 68, "soprano": 64},
    "flute": {"flute": 73, "pan": 75, "recorder": 74, "piccolo": 72},
    "mallets": {"vibraphone": 11, "marimba": 12, "xylophone": 13, "celesta": 8},
    "lead": {"square": 80, "saw": 81, "charang": 84, "fifths": 86},
    "pad": {"warm": 89, "fantasia": 88, "space": 91, "polysynth": 90, "sweep": 95},
    "voice": {"aahs": 52, "oohs": 53, "synth": 54},
    "harp": {"harp": 46},
    "banjo": {"banjo": 105},
    "sitar": {"sitar": 104},
    "koto": {"koto": 107},
    "kalimba": {"kalimba": 108},
    "steel drums": {"steel": 114},
    "bagpipe": {"bagpipe": 109},
    "harpsichord": {"harpsichord": 6},
    "dulcimer": {"dulcimer": 15},
    "pizzicato": {"pizzicato": 45},
    "ocarina": {"ocarina": 79},
    "shanai": {"shanai": 111},
    "tubular bells": {"tubular": 14},
    "music box": {"box": 10},
}
# Those of them that freepats has
FREEPATS = frozenset(
    (
        *(0, 1, 2, 4, 5, 7, 13, 16, 19, 21, 23, *range(24, 31), *range(32, 37), 38),
        *(40, 42, 46, 48, 53, 56, 57, 60, 61, 64, 65, 66, 68, 71, 72, 73, 74, 75),
        *(80, 84, 88, 95, 104, 114),
    )
)
NOT_IN_FREEPATS = ("guiro", "guiro-short")  # its short guiro is 40 dB too soft
KITS = {"standard": 0, "room": 8, "power": 16, "808": 25, "jazz": 32, "brush": 40}
# Keys of General MIDI kits for each stroke; several are played at once
DRUM_KEYS: Keys = {
    "kick": (36,),
    "snare": (38,),
    "rim": (37,),
    "hat": (42,),
    "open": (46,),
    "ride": (51,),
    "crash": (49,),
    "tom": (48,),
    "floor": (43,),
    "clap": (39,),
}
STRUCK: dict[str, dict[str, Keys]] = {
    "bongo": {
        "bongo": {"hi": (60,), "tip": (60,), "slap": (60,), "lo": (61,)},
        "conga": {"hi": (63,), "tip": (62,), "slap": (62,), "lo": (64,)},
    },
    "guira": {
        "guiro": {"long": (74,), "short": (73,)},
        "guiro-short": {"long": (73,), "short": (73,)},
        "cabasa": {"long": (69,), "short": (69,)},
        "guiro-cabasa": {"long": (74, 69), "short": (69,)},
        "guiro-long": {"long": (74,), "short": (74,)},
    },
    "conga": {
        "conga": {"open": (63,), "mute": (62,), "slap": (62,), "low": (64,)},
    },
    "maracas": {
        "maracas": {"shake": (70,)},
        "cabasa": {"shake": (69,)},
        "tambourine": {"shake": (54,)},
    },
    "timbales": {"timbales": {"high": (65,), "low": (66,), "bell": (56,)}},
}
# How many imaginary instruments of each class a model draws; every second one
# has its own chain of effects
MODEL_TIMBRES: dict[str, dict[str, int]] = {
    "waveguide": {"guitar": 48, "bass": 32},
    "partials": {"guitar": 40, "bass": 24, "piano": 6},
    "plucked-fm": {"guitar": 16, "bass": 8},
    "synth-bass": {"bass": 20},
    "modal": {"piano": 12, "mallets": 16},
    "tones": dict.fromkeys(
        (*("organ", "accordion", "strings", "brass", "reed", "flute"), "lead", "pad"),
        8,
    ),
    "operators": dict.fromkeys(
        (
            *("piano", "organ", "accordion", "strings", "brass", "reed", "flute"),
            *("mallets", "lead", "pad"),
        ),
        8,
    ),
    "patches": dict.fromkeys(
        (
            *("organ", "accordion", "strings", "brass", "reed", "flute", "lead"),
            *("pad", "voice"),
        ),
        8,
    ),
    "formants": {"voice": 16},
    "membrane": {"bongo": 40, "conga": 20, "timbales": 16},
    "ridges": {"guira": 36},
    "comb": {"guira": 24},
    "grains": {"guira": 24, "maracas": 20},
    "circuits": {"drums": 20},
    "courses": {"guitar": 8, "bass": 8},
    "sweep": {"bongo": 8, "conga": 4, "timbales": 4},
    "noise": {"guira": 8, "maracas": 4},
}
ALWAYS_PLAIN = ("courses", "sweep", "noise")  # of the splits that only measure
