"""The command line: what it prints, what it writes, how it fails."""

from __future__ import annotations

import json
import os
import pty
import signal
import stat
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import click
import pytest
from click.testing import CliRunner, Result
from hypothesis import given
from hypothesis import strategies as st

from cleaner import types
from cleaner.cli import COMMANDS, main
from cleaner.cli.show import json_line, show_diff, show_findings, standard_output
from cleaner.files import label
from cleaner.visible import visible

ROOT = Path(__file__).parent.parent
SEEDS = ROOT / "fixtures" / "seeds"
INFECTED = SEEDS / "003_72eb07f55c0dc79f.txt"
HONEST = SEEDS / "000_8a67ff2a0ddf0c2d.txt"
QUOTE = "xổ số trực tuyến minh ngọc"
CLEANED = INFECTED.read_bytes().replace(f" {QUOTE}\n".encode(), b" ")
PROGRAM = (sys.executable, "-m", "cleaner")
NAME = "bài \x1b[31m\u202egpj.txt"
SHOWN_NAME = r"bài \x1b[31m\u202egpj.txt"


@pytest.fixture(autouse=True)
def plain(monkeypatch: pytest.MonkeyPatch) -> None:
    """No colour unless a test asks for it."""
    for name in ("NO_COLOR", "FORCE_COLOR", "_CLEANER_COMPLETE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join(path for path in sys.path if path) + os.pathsep + str(ROOT))


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The working folder, with an infected and an honest article."""
    monkeypatch.chdir(tmp_path)
    Path("infected.txt").write_bytes(INFECTED.read_bytes())
    Path("honest.txt").write_bytes(HONEST.read_bytes())
    return tmp_path


def run(*arguments: str | Path, stdin: bytes | None = None) -> Result:
    return CliRunner().invoke(main, [str(argument) for argument in arguments], input=stdin, prog_name="cleaner")


def complaints(result: Result) -> list[str]:
    """The lines of standard error, after an end with an error that is no crash."""
    assert result.exit_code == 2
    assert isinstance(result.exception, SystemExit)
    return result.stderr.splitlines()


# --- clean: where the text goes


def test_clean_prints_the_bytes_of_the_article_without_the_injection(folder: Path) -> None:
    result = run("clean", "infected.txt")
    assert (result.exit_code, result.stdout_bytes, result.stderr) == (0, CLEANED, "")


@pytest.mark.parametrize("arguments", [(), ("-",)])
def test_clean_reads_standard_input(arguments: tuple[str, ...]) -> None:
    assert run("clean", *arguments, stdin=INFECTED.read_bytes()).stdout_bytes == CLEANED


@pytest.mark.parametrize("data", [b"", HONEST.read_bytes(), b"one\r\ntwo\rthree"], ids=["empty", "honest", "newlines"])
def test_clean_adds_nothing(data: bytes) -> None:
    assert run("clean", stdin=data).stdout_bytes == data


def test_clean_as_a_program() -> None:
    done = subprocess.run([*PROGRAM, "clean"], input=INFECTED.read_bytes(), capture_output=True, check=True)
    assert (done.stdout, done.stderr) == (CLEANED, b"")


def test_output_into_a_file(folder: Path) -> None:
    assert run("clean", "infected.txt", "-o", "out.txt").output == ""
    assert Path("out.txt").read_bytes() == CLEANED
    assert Path("infected.txt").read_bytes() == INFECTED.read_bytes()


@pytest.mark.parametrize("output", ["existing", "new/deep/"])
def test_output_into_a_folder(folder: Path, output: str) -> None:
    Path("existing").mkdir()
    assert run("clean", "infected.txt", "honest.txt", "-o", output).exit_code == 0
    assert Path(output, "infected.txt").read_bytes() == CLEANED
    assert Path(output, "honest.txt").read_bytes() == HONEST.read_bytes()


def test_output_has_the_mode_of_the_article(folder: Path) -> None:
    Path("infected.txt").chmod(0o600)
    assert run("clean", "infected.txt", "honest.txt", "-o", "new/").exit_code == 0
    for name in ("infected.txt", "honest.txt"):
        assert Path("new", name).stat().st_mode == Path(name).stat().st_mode


def test_output_to_a_device_leaves_the_device() -> None:
    assert run("clean", INFECTED, "-o", os.devnull).exit_code == 0
    assert not Path(os.devnull).is_file()


@pytest.mark.parametrize(
    ("arguments", "hint"),
    [
        (("infected.txt", "honest.txt"), "--in-place"),
        (("infected.txt", "honest.txt", "-o", "-"), "--in-place"),
        (("infected.txt", "honest.txt", "-o", "out.txt"), "end it with /"),
        (("infected.txt", "sub/infected.txt", "-o", "out/"), "would both be written to 'out/infected.txt'"),
        (("infected.txt", "-o", "."), "would be overwritten"),
        (("infected.txt", "--report", "infected.txt"), "would be overwritten"),
        (("infected.txt", "-o", "same", "--report", "same"), "would be overwritten"),
        (("infected.txt", "-o", "out.txt", "--in-place"), "choose one"),
        (("infected.txt", "--diff", "--json"), "choose one"),
        (("-", "--in-place"), "standard input"),
        (("-", "-o", "."), "standard input"),
        (("-", "-"), "only once"),
        (("\x1b[31m", "\u202e/\x1b[31m", "-o", "out/"), r"\x1b"),
    ],
)
def test_contradictions_write_nothing(folder: Path, arguments: tuple[str, ...], hint: str) -> None:
    before = sorted(folder.iterdir())
    message = " ".join(complaints(run("clean", *arguments)))
    assert hint in message
    assert message.isprintable()
    assert sorted(folder.iterdir()) == before


# --- clean: in place


def test_in_place_keeps_mode_newlines_and_byte_order_mark(folder: Path) -> None:
    bom = b"\xef\xbb\xbf"
    article = Path("infected.txt")
    article.write_bytes(bom + INFECTED.read_bytes().replace(b"\n", b"\r\n"))
    article.chmod(0o640)
    assert run("clean", article, "--in-place").output == ""
    assert article.read_bytes() == bom + CLEANED.replace(b"\n", b"\r\n")
    assert stat.S_IMODE(article.stat().st_mode) == 0o640


def test_in_place_writes_through_a_link(folder: Path) -> None:
    Path("sub").mkdir()
    Path("sub/link.txt").symlink_to("../infected.txt")
    run("clean", "sub/link.txt", "--in-place")
    assert Path("sub/link.txt").is_symlink()
    assert Path("infected.txt").read_bytes() == CLEANED


def test_in_place_leaves_an_unchanged_file_alone(folder: Path) -> None:
    before = Path("honest.txt").stat()
    run("clean", "honest.txt", "--in-place")
    after = Path("honest.txt").stat()
    assert (after.st_ino, after.st_mtime_ns) == (before.st_ino, before.st_mtime_ns)


def test_in_place_that_fails_leaves_everything_as_it_was(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "fsync", _raising(OSError(28, "No space left on device")))
    lines = complaints(run("clean", "infected.txt", "honest.txt", "--in-place"))
    assert lines == ["cleaner: infected.txt: cannot be written: no space left on device"]
    assert Path("infected.txt").read_bytes() == INFECTED.read_bytes()
    assert sorted(os.listdir()) == ["honest.txt", "infected.txt"]


def test_interrupt_leaves_everything_as_it_was(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "replace", _raising(KeyboardInterrupt()))
    result = run("clean", "infected.txt", "--in-place", "--report", "report.json")
    assert (result.exit_code, result.stderr) == (130, "cleaner: interrupted\n")
    assert sorted(os.listdir()) == ["honest.txt", "infected.txt"]


def test_a_write_protected_file_is_not_replaced(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "access", lambda *_: False)
    assert complaints(run("clean", "infected.txt", "--in-place")) == [
        "cleaner: infected.txt: cannot be written: permission denied"
    ]


def test_a_signal_while_reading_ends_quietly(folder: Path) -> None:
    os.mkfifo("slow.txt")
    program = subprocess.Popen([*PROGRAM, "clean", "--report", "report.json", "slow.txt"], stderr=subprocess.PIPE)
    with open("slow.txt", "wb"):  # waits until the program reads
        program.send_signal(signal.SIGINT)
        assert program.communicate()[1] == b"cleaner: interrupted\n"
    assert program.returncode == 130
    assert sorted(os.listdir()) == ["honest.txt", "infected.txt", "slow.txt"]


# --- clean: what it reports


def test_json_has_one_line_for_each_file(folder: Path) -> None:
    result = run("clean", "--json", "infected.txt", "honest.txt", "missing.txt")
    infected, honest, missing = map(json.loads, result.stdout.splitlines())
    assert infected["file"] == "infected.txt"
    assert infected["text"].encode() == CLEANED
    assert [finding["quote"] for finding in infected["findings"]] == [QUOTE]
    assert (honest["verdict"], honest["findings"]) == ("clean", [])
    assert missing == {"file": "missing.txt", "error": "missing.txt: no such file or directory"}
    assert complaints(result) == ["cleaner: missing.txt: no such file or directory"]


def test_report_tells_of_all_files_besides_the_output(folder: Path) -> None:
    assert run("clean", "infected.txt", "honest.txt", "--in-place", "--report", "report.json").output == ""
    report = json.loads(Path("report.json").read_bytes())
    assert [entry["file"] for entry in report] == ["infected.txt", "honest.txt"]
    source = INFECTED.read_bytes().decode("utf-8")
    assert [source[start:end] + new for start, end, new in report[0]["edits"]] == [QUOTE, "\n"]
    assert report[1]["edits"] == []


def test_report_that_cannot_be_written(folder: Path) -> None:
    result = run("clean", "infected.txt", "--in-place", "--report", "no/report.json")
    assert complaints(result) == ["cleaner: no/report.json: cannot be written: no such file or directory"]
    assert Path("infected.txt").read_bytes() == INFECTED.read_bytes()


def test_diff_shows_the_lines_that_change_and_only_these(folder: Path) -> None:
    result = run("clean", "--diff", "infected.txt", "honest.txt")
    header, shown = result.stdout.splitlines()[:3], result.stdout.splitlines()[3:]
    assert header == ["--- infected.txt", "+++ infected.txt", "@@ -1,4 +1,3 @@"]
    removed = INFECTED.read_text(encoding="utf-8").splitlines()[1:3]
    assert [line[1:] for line in shown if line[0] == "-"] == removed
    assert [line[1:] for line in shown if line[0] == "+"] == [removed[0].removesuffix(QUOTE) + removed[1]]


def test_verbose_gives_place_words_and_reasons_on_standard_error(folder: Path) -> None:
    result = run("clean", "-v", "infected.txt")
    assert result.stdout_bytes == CLEANED
    place, *reasons = result.stderr.splitlines()
    assert place.startswith("infected.txt:2:136  strip  lottery ")
    assert f"Trung tâm Y tế [{QUOTE}]⏎đã đạt được" in place
    assert reasons
    assert all(float(reason.split()[0]) for reason in reasons)


# --- scan


def test_scan_finds_nothing_in_an_honest_article() -> None:
    result = run("scan", HONEST)
    assert (result.exit_code, result.stdout, result.stderr) == (0, "", "nothing found in 1 file\n")


def test_scan_lists_what_it_finds(folder: Path) -> None:
    result = run("scan", "infected.txt", "honest.txt")
    assert result.exit_code == 1
    assert result.stdout.startswith("infected.txt:2:136  strip  lottery ")
    assert result.stdout.count("\n") == 1
    assert result.stderr == "1 finding (1 to strip, 0 to flag) in 1 of 2 files\n"


def test_scan_verbose_adds_reasons() -> None:
    assert len(run("scan", "-v", INFECTED).stdout.splitlines()) > 1


def test_scan_json(folder: Path) -> None:
    result = run("scan", "--json", "-", stdin=INFECTED.read_bytes())
    [finding] = json.loads(result.stdout)["findings"]
    assert (finding["quote"], finding["category"], finding["action"]) == (QUOTE, "lottery", "strip")
    assert result.exit_code == 1


def test_an_error_outweighs_findings(folder: Path) -> None:
    result = run("scan", "missing.txt", "infected.txt")
    assert complaints(result) == [
        "cleaner: missing.txt: no such file or directory",
        "1 finding (1 to strip, 0 to flag) in 1 of 2 files, 1 error",
    ]
    assert QUOTE in result.stdout


def test_scan_of_an_empty_article_finds_nothing() -> None:
    assert run("scan", stdin=b"").exit_code == 0


# --- what cannot be read


def test_bad_files_are_named_and_the_others_still_done(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    Path("binary.txt").write_bytes(b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR" + bytes(range(256)) * 9)
    Path("folder").mkdir()
    Path("secret.txt").touch()
    monkeypatch.setattr(Path, "read_bytes", _all_but_secret)
    names = ["missing.txt", "folder", "binary.txt", "secret.txt"]
    lines = complaints(run("clean", "--in-place", *names, "infected.txt"))
    assert [line.split(": ")[:2] for line in lines] == [["cleaner", name] for name in names]
    assert lines[1].endswith("is a directory")
    assert lines[3].endswith("permission denied")
    assert Path("infected.txt").read_bytes() == CLEANED


@pytest.mark.parametrize(
    ("policy", "because"),
    [
        (b"strip = 0.9\nflag = = 1", "line 2"),
        (b"stirp = 0.9", "'stirp'"),
        (b"strip = 9", "0 to 1"),
        (b"[categories]\ncasino = 0.5", "'casino'"),
        (b"allow = ['\xff']", "not UTF-8"),
    ],
)
@pytest.mark.parametrize("command", ["clean", "scan"])
def test_a_policy_that_makes_no_sense(folder: Path, command: str, policy: bytes, because: str) -> None:
    Path("policy.toml").write_bytes(policy)
    [line] = complaints(run(command, "infected.txt", "--policy", "policy.toml"))
    assert line.startswith("cleaner: policy.toml: ")
    assert because in line


def test_a_missing_policy() -> None:
    assert complaints(run("scan", INFECTED, "--policy", "no.toml")) == ["cleaner: no.toml: no such file or directory"]


def test_a_policy_decides(folder: Path) -> None:
    Path("policy.toml").write_text(f'allow = ["{QUOTE}"]\n[categories.lottery]\nstrip = 1.0\n', encoding="utf-8")
    assert run("clean", "infected.txt", "--policy", "policy.toml").stdout_bytes == INFECTED.read_bytes()


def test_a_missing_model_is_named_once(folder: Path) -> None:
    [line] = complaints(run("clean", "-o", "out/", "infected.txt", "honest.txt", "--model", "no-model"))
    assert line.startswith("cleaner: ")
    assert "no-model" in line
    assert not Path("out").exists()


# --- what cannot be written


@pytest.mark.parametrize("arguments", [("clean",), ("clean", "--diff"), ("clean", "--json"), ("scan",)])
def test_a_full_disk(arguments: tuple[str, ...]) -> None:
    with open("/dev/full", "wb") as full:
        done = subprocess.run([*PROGRAM, *arguments, INFECTED], stdout=full, stderr=subprocess.PIPE, check=False)
    assert done.returncode == 2
    assert done.stderr == b"cleaner: standard output: cannot be written: no space left on device\n"


def test_a_full_device_as_output() -> None:
    assert complaints(run("clean", INFECTED, "-o", "/dev/full")) == [
        "cleaner: /dev/full: cannot be written: no space left on device"
    ]


def test_a_folder_that_cannot_be_made(folder: Path) -> None:
    assert complaints(run("clean", "infected.txt", "-o", "honest.txt/")) == [
        "cleaner: honest.txt: cannot be written: file exists"
    ]


def test_a_reader_that_leaves_is_no_error_to_speak_of() -> None:
    reader, writer = os.pipe()
    os.close(reader)
    done = subprocess.run([*PROGRAM, "clean", INFECTED], stdout=writer, stderr=subprocess.PIPE, check=False)
    os.close(writer)
    assert (done.returncode, done.stderr) == (141, b"")


@pytest.mark.parametrize("closing", ["<&-", ">&-"])
def test_closed_streams(closing: str) -> None:
    shell = ["sh", "-c", f'exec "$@" {closing}', "sh"]
    done = subprocess.run([*shell, *PROGRAM, "clean"], stdin=subprocess.DEVNULL, stderr=subprocess.PIPE, check=False)
    assert done.returncode == 2
    assert done.stderr.count(b"\n") == 1
    assert done.stderr.endswith(b"bad file descriptor\n")


# --- what a terminal gets to see


def test_visible_escapes_what_a_terminal_would_obey() -> None:
    assert visible("a\x1b[0m\x9b\x7f\u202e\u2069\ud800\tb\r\nc\rd\n") == (
        "a\\x1b[0m\\x9b\\x7f\\u202e\\u2069\\ud800\tb\nc\\x0dd\n"
    )
    assert label("a\r\n\tb") == r"a\x0d\x0a\x09b"


@given(st.text())
def test_nothing_visible_is_obeyed(text: str) -> None:
    shown = visible(text)
    assert not set(shown) & {*map(chr, range(9)), *map(chr, range(11, 32)), *map(chr, range(127, 160)), "\u202e"}
    shown.encode()


@given(st.text(st.characters(codec=None)))
def test_json_lines_are_safe_and_lose_nothing(text: str) -> None:
    [line] = json_line({"text": text}).decode().splitlines()
    assert line == visible(line)
    assert json.loads(line)["text"].encode("utf-16", "surrogatepass") == text.encode("utf-16", "surrogatepass")


@pytest.mark.parametrize("arguments", [("scan",), ("scan", "-v"), ("clean", "--diff"), ("clean", "--diff", "-v")])
def test_names_are_shown_escaped(folder: Path, arguments: tuple[str, ...]) -> None:
    Path("infected.txt").rename(NAME)
    result = run(*arguments, NAME, f"missing {NAME}")
    assert SHOWN_NAME in result.stdout
    assert f"cleaner: missing {SHOWN_NAME}: " in result.stderr
    assert not set(result.output) & set("\x1b\u202e")


def test_a_name_that_is_no_unicode(folder: Path) -> None:
    name = os.fsdecode(b"caf\xe9.txt")
    Path("infected.txt").rename(name)
    result = run("scan", "--json", name)
    assert json.loads(result.stdout)["file"] == name
    assert run("scan", name).stdout.startswith(r"caf\udce9.txt:2:136")


def test_control_characters_of_an_article_are_shown_escaped(capsys: pytest.CaptureFixture[str]) -> None:
    source = "Left\x1b]0;title\x07 \u202eSPAM\x9b2J right\r\nnext"
    result = _result(source, [types.Edit(source.index("SPAM"), source.index(" right"), "")])
    show_findings(standard_output(), "a", result, reasons=True)
    show_diff(standard_output(), "a", result)
    shown = capsys.readouterr().out
    assert r"Left\x1b]0;title\x07 \u202e[SPAM\x9b2J] right⏎next" in shown
    assert r"-Left\x1b]0;title\x07 \u202eSPAM\x9b2J right" + "\n" in shown
    assert not set(shown) & set("\x1b\x07\x9b\u202e\r")


def test_a_terminal_gets_text_escaped() -> None:
    assert _on_a_terminal("clean", stdin="a\x1b[31mb\u202e\tc\r\nd".encode()) == "a\\x1b[31mb\\u202e\tc\r\nd"


def test_colour_follows_the_terminal_and_its_user(monkeypatch: pytest.MonkeyPatch) -> None:
    command = ("clean", "--diff", str(INFECTED))
    assert f"\x1b[7;31m{QUOTE}" in _on_a_terminal(*command)
    assert "\x1b[" not in run(*command).stdout
    monkeypatch.setenv("FORCE_COLOR", "1")
    assert "\x1b[" in run(*command).stdout
    monkeypatch.setenv("NO_COLOR", "1")
    assert "\x1b[" not in run(*command).stdout
    monkeypatch.delenv("FORCE_COLOR")
    assert "\x1b[" not in _on_a_terminal(*command)
    monkeypatch.delenv("NO_COLOR")
    monkeypatch.setenv("TERM", "dumb")
    assert "\x1b[" not in _on_a_terminal(*command)


def test_progress_shows_on_a_terminal_when_there_are_many_files(folder: Path) -> None:
    names = []
    for number in range(30):
        names.append(f"{number}.txt")
        Path(names[-1]).write_text("An honest article.\n", encoding="utf-8")
    names.insert(15, "missing\x1b.txt")
    shown = _on_a_terminal("clean", "--in-place", *names)
    assert "cleaning" in shown
    assert r"missing\x1b.txt: no such file" in shown
    assert "cleaning" not in _on_a_terminal("clean", "--in-place", *names[:3])


# --- unified diffs


@st.composite
def _edited(draw: st.DrawFn) -> types.Result:
    source = draw(st.text(st.sampled_from("ab\n"), min_size=1, max_size=60))
    offsets = draw(st.lists(st.integers(0, len(source)), max_size=8, unique=True).map(sorted))
    replacements = st.sampled_from(["", " ", "\n", ", "])
    pairs = zip(offsets[::2], offsets[1::2], strict=False)
    return _result(source, [types.Edit(start, end, draw(replacements)) for start, end in pairs])


@given(_edited())
def test_a_diff_applied_to_the_source_gives_the_text(result: types.Result) -> None:
    runner = CliRunner()

    @click.command()
    def show() -> None:
        show_diff(standard_output(), "a", result)

    diff = runner.invoke(show, []).stdout
    assert _patched(result.source, diff) == result.text


def _patched(source: str, diff: str) -> str:
    """``source`` with a unified diff applied, every count and every line of context checked."""
    old = source.splitlines(keepends=True)
    new: list[str] = []
    taken = 0
    lines = iter(diff.replace("\n\\ No newline at end of file\n", "$\n").splitlines(keepends=True)[2:])
    for header in lines:
        before, after = (part[1:].split(",") for part in header.split()[1:3])
        start, olds = int(before[0]) - (before[1] != "0"), int(before[1])
        new += old[taken:start]
        assert int(after[0]) - (after[1] != "0") == len(new)
        taken, news = start, int(after[1])
        while olds or news:
            line = next(lines).replace("$\n", "")
            if line[0] != "+":
                assert old[taken] == line[1:]
                taken, olds = taken + 1, olds - 1
            if line[0] != "-":
                new.append(line[1:])
                news -= 1
    return "".join(new + old[taken:])


# --- the program itself


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_explains_itself(command: str) -> None:
    result = run(command, "--help")
    assert result.exit_code == 0
    assert "Examples:" in result.stdout


def test_the_group_names_its_commands_and_its_version() -> None:
    listing = run("--help").stdout
    assert all(f"  {command} " in listing for command in COMMANDS)
    assert run("--version").stdout.startswith("cleaner ")
    assert complaints(run("claen"))[-1].startswith("Error: ")


def test_a_mistaken_argument_is_shown_escaped() -> None:
    assert "\\x1b[31m" in complaints(run("completion", "bash", "\x1b[31m"))[-1]


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_completion(shell: str) -> None:
    assert "_CLEANER_COMPLETE" in run("completion", shell).stdout


@pytest.mark.parametrize("words", ["batch ", "batch arch", "batch --out ", "batch site -o out", "clean "])
def test_file_names_are_completed(words: str, monkeypatch: pytest.MonkeyPatch) -> None:
    line = f"cleaner {words}"
    monkeypatch.setenv("_CLEANER_COMPLETE", "bash_complete")
    monkeypatch.setenv("COMP_WORDS", line)
    monkeypatch.setenv("COMP_CWORD", str(line.count(" ")))
    done = subprocess.run([*PROGRAM], capture_output=True, text=True, check=False)
    assert done.stdout.startswith("file,"), done


def test_cleaning_loads_nothing_it_does_not_need() -> None:
    program = f"""
import sys
from cleaner.cli import main
main(["clean", {str(INFECTED)!r}], standalone_mode=False)
heavy = {{"lightgbm", "sklearn", "scipy", "pandas", "rich", "tomllib"}} & set(sys.modules)
assert not heavy, heavy
"""
    subprocess.run([sys.executable, "-c", program], stdout=subprocess.DEVNULL, check=True)


@pytest.mark.parametrize(
    ("missing", "command", "complaint"),
    [
        ("lightgbm", ["train", "--out", "small"], "training needs lightgbm: pip install 'cleaner[train]'"),
        ("sklearn", ["train", "--out", "small"], "training needs sklearn: pip install 'cleaner[train]'"),
        (
            "sklearn",
            ["evaluate", str(ROOT / "fixtures/known_failures.jsonl")],
            "the baselines need sklearn: pip install 'cleaner[train]', or leave them out (--no-baselines)",
        ),
    ],
)
def test_without_the_extra_for_training_one_line_says_how_to_get_it(
    tmp_path: Path, missing: str, command: list[str], complaint: str
) -> None:
    program = f"import sys; sys.modules[{missing!r}] = None; from cleaner.cli import main; main()"
    done = subprocess.run([sys.executable, "-c", program, *command], cwd=tmp_path, capture_output=True, text=True)
    assert (done.returncode, done.stdout, done.stderr) == (2, "", f"cleaner: {complaint}\n")
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("chosen", [None, "2"])
def test_one_thread_of_linear_algebra_unless_its_user_wants_more(chosen: str | None) -> None:
    program = """
import json, os
from threadpoolctl import threadpool_info
from cleaner.cli import main
def threads():
    return [pool["num_threads"] for pool in threadpool_info() if pool["user_api"] == "blas"]
before = threads()
main(["clean", os.devnull], standalone_mode=False)
print(json.dumps([before, threads(), os.environ["OPENBLAS_NUM_THREADS"], os.environ.get("OMP_NUM_THREADS")]))
"""
    own = {name: value for name, value in os.environ.items() if not name.endswith("_NUM_THREADS")}
    own |= {"OPENBLAS_NUM_THREADS": chosen} if chosen else {}
    told = subprocess.run([sys.executable, "-c", program], env=own, stdout=subprocess.PIPE, check=True, text=True)
    before, after, told_to_others, of_training = json.loads(told.stdout)
    assert before
    assert after == (before if chosen else [1 for _ in before])
    assert (told_to_others, of_training) == (chosen or "1", None)


# --- helpers


def _raising(error: BaseException) -> Callable[..., None]:
    def fail(*_: object) -> None:
        raise error

    return fail


def _all_but_secret(path: Path) -> bytes:
    if path.name == "secret.txt":
        raise PermissionError(13, "Permission denied")
    with path.open("rb") as file:
        return file.read()


def _result(source: str, edits: list[types.Edit]) -> types.Result:
    """A result that found what ``edits`` cut."""
    reasons = (types.Reason("phrase", "names \x1b a\nlottery", 4.2),)
    findings = [
        types.Finding(edit.start, edit.end, source[edit.start : edit.end], "lottery", 0.99, reasons, "strip")
        for edit in edits
    ]
    return types.Result(source, "".join(_applied(source, edits)), "cleaned", tuple(findings), tuple(edits), "text")


def _applied(source: str, edits: list[types.Edit]) -> Iterator[str]:
    position = 0
    for edit in edits:
        yield source[position : edit.start] + edit.replacement
        position = edit.end
    yield source[position:]


def _on_a_terminal(*arguments: str, stdin: bytes = b"") -> str:
    """What the program shows on a terminal, both streams together."""
    ours, theirs = pty.openpty()
    program = subprocess.Popen([*PROGRAM, *arguments], stdin=subprocess.PIPE, stdout=theirs, stderr=theirs)
    os.close(theirs)
    assert program.stdin is not None
    with program.stdin:
        program.stdin.write(stdin)
    shown = b""
    try:
        while part := os.read(ours, 65536):
            shown += part
    except OSError:  # how Linux says that the other end is closed
        pass
    finally:
        os.close(ours)
        program.wait()
    return shown.decode()
