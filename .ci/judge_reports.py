"""Reads the reports of a folder with programs that Hydrant's authors did not write, and compares what they count."""

import json
import pathlib
import sys

folder, schema = pathlib.Path(sys.argv[1]), json.loads(pathlib.Path(sys.argv[2]).read_text())
judged, skipped = 0, []


def package(name):
    try:
        return __import__(name, fromlist=["*"])
    except ImportError:
        skipped.append(name)
        return None


loader = package("sarif.loader")
junit = package("junitparser")
jsonschema = package("jsonschema")

for path in sorted(folder.glob("*.sarif")):
    report = json.loads(path.with_suffix(".json").read_text())
    findings = report["findings"]
    if jsonschema:
        jsonschema.validate(report, schema)
        judged += 1
    if loader:
        told = loader.load_sarif_file(str(path)).get_report()
        for level in ("error", "warning", "note"):
            expected = sum(finding["severity"] == level for finding in findings)
            seen = told.get_issue_count_for_severity(level)
            assert seen == expected, (path.name, level, seen, expected)
        judged += 1
    if junit:
        suites = list(junit.JUnitXml.fromfile(str(path.with_suffix(".xml"))))
        cases = [case for suite in suites for case in suite]
        failed = [case for case in cases if any(isinstance(result, junit.Failure) for result in case.result)]
        # one case more says that objects were checked
        assert len(cases) == len(findings) + 1, (path.name, len(cases), len(findings))
        assert len(failed) == report["counts"]["error"], (path.name, len(failed), report["counts"])
        for suite in suites:
            told = (suite.tests, suite.failures)
            suite.update_statistics()
            assert told == (suite.tests, suite.failures), (path.name, told)
        judged += 1

for name in skipped:
    print(f"skipped: the package of `{name}` is not installed")
if judged == 0 and not skipped:
    sys.exit("no report was judged")
print(f"{judged} verdicts on reports, all good")
