"""A reproducible synthetic Connecticut: people, who prescribes and dispenses to them, and their histories.

    generate       people with their histories, one after the other
    blocks         which person gets which story, trait and relation
    people         the true demographics: who somebody is, was called before, where he or she lived before
    appearances    what each dispenser has written down of a person
    typos          slips of the pen
    stories        courses of treatment by kind of patient
    courses        one course of treatment: prescriptions, refills, fill dates
    shelf          products of the drug table by what is in them
    parties        prescribers and dispensers
    places         towns, streets, phones
    chance         random numbers that are the same everywhere

Nobody here is real. Phones have an exchange that begins with 1, as none does; NPIs begin with 2, from a range that
has not been handed out. The data is `mappings/synth/`.
"""

from gateway.synth.generate import PEOPLE_A_PART, Population, SynthPerson, generate

__all__ = ["PEOPLE_A_PART", "Population", "SynthPerson", "generate"]
