"""DDXPlus's patients of a French subset with the names and codes of the English release, for `python -m bench.health_sets`.

The English release numbers the French codes in alphabetical order. `CODES` was found from the subset's validation part alone: the
assignment in that order under which each code is about as frequent with each condition as the published tables say; every
question was then read against its code, and three were corrected by hand. The test part took no part in it.
"""

import ast
import csv
import gzip
import json
import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any

CODES = """
B34.9=0 H6690=1 HIV=2 adp_dlr=9 anxiete_s=16 ap_asian=17 ap_fk=18 ap_hypert4=19 ap_par=20 ap_valve=22 atcdpsyfam=29
ballon_abdo=30 bode=31 cafe=35 confusion=39 cont_coq=40 contact=41 cortico=44 crach_sg=45 crohn_cu=47 crowd=48 dayc=49
diaph=50 diarrhee=51 douleurxx=53 douleurxx_carac=54 douleurxx_endroitducorps=55 douleurxx_intens=56 douleurxx_irrad=57
douleurxx_precis=58 douleurxx_soudain=59 drink_energie=60 drogues_IV=61 drogues_stimul=62 dysp_effort=64 dyspn=66
e10_e11=69 e66=70 ebolacase=73 etouff=75 etourdissement=76 expecto=77 f10.129=78 f17.210=79 f32=80 f41.9=81 faible=84
fam_atopie=86 fam_j45=87 fatig_mod=89 fievre=91 gorge_dlr=97 hernie_hiatale=98 histfammigraine=99 hyponos=103 i10=104
i25.1=105 impression_mort=111 insp_siffla=112 irritable=114 j06.9=116 j17_j18=118 j33=120 j34.2=121 j44_j42=123 j45=124
k21=125 lesions_peau=129 lesions_peau_couleur=130 lesions_peau_desquame=131 lesions_peau_elevee=132
lesions_peau_endroitducorps=133 lesions_peau_intens=134 lesions_peau_plusqu1cm=135 lesions_peau_prurit=136
malf_cardiaque=139 melena=140 msk_dlr=144 nausee=148 obstipation=150 oedeme_endroitducorps=152 palpit=155
perinatality=160 perte_poids=162 pls_irreg=164 posttus_emesis=166 preg1=167 prurit_nasal=169 prurit_occ=170
psy_depers=171 pyrosis=173 rds_anorexie=174 rds_deg=175 rds_sg=178 rhino_clair=181 rhino_pur=182 s09.90=185 stridor=194
toux=201 toux_sev=203 trav1=204 urban1=207 v85.0=208 vaccination=209 vo_sg=210 volume_parole=212 wakeup=213
ww_bouffe=215 ww_dd=217 ww_effort=218 ww_nuit=219 ww_valsalva=221 z77.22=222 z84.89=226 z92.25=227
"""


def list_patients(data: Path, part: str = "test", most: int = 1000) -> Iterator[dict[str, Any]]:
    """Patients drawn with seed 0, as rows of the task `ddx`; who begins with a code that is not in `CODES` is left out."""
    codes = dict(pair.split("=") for pair in CODES.split())
    conditions = json.loads((data / "ddxplus-docs/kb/release_conditions.json").read_text("utf-8"))
    english = {c["cond-name-fr"].strip().lower(): name for name, c in conditions.items()}
    with gzip.open(data / f"ddxplus-subset-fr/{part}.csv.gz", "rt", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    random.Random(0).shuffle(rows)
    for row in rows[:most]:
        found = {code.split("_@_")[0] for code in ast.literal_eval(row["EVIDENCES"])}
        if row["INITIAL_EVIDENCE"] in codes:
            yield {
                "pathology": english[row["PATHOLOGY"].strip().lower()],
                "evidences": sorted(f"E_{codes[code]}" for code in found if code in codes),
                "initial": f"E_{codes[row['INITIAL_EVIDENCE']]}",
            }
