"""Each quiz can be answered and says why; answers and predictions are remembered; hostile texts are texts."""

import json
import re

import pytest
from test_html import HOSTILE, read

from lessons_lib import progress
from lessons_lib.errors import DataError
from lessons_lib.exercises import LESSONS
from lessons_lib.exercises.questions import QUIZZES, Question, quiz_file, read_questions
from lessons_lib.labs import lab as lab_module
from lessons_lib.labs import predict, quiz

ASKED = {lesson: read_questions(quiz_file(lesson)) for lesson in LESSONS}
QUESTIONS = [(lesson, one) for lesson, questions in ASKED.items() for one in questions]


@pytest.fixture(autouse=True)
def path(tmp_path, monkeypatch):
    """The learner's file."""
    monkeypatch.setenv("LESSONS_PROGRESS", str(tmp_path / "progress.json"))
    return tmp_path / "progress.json"


def typed(question: Question, correct: bool = True) -> str:
    """Return an answer as a learner gives it."""
    answer = next(one for one in question.answers if one.correct == correct)
    return answer.text if question.kind != "numeric" or correct else "-987654"


def press(asked, said: str) -> None:
    if asked.question.kind == "numeric":
        asked.field.value = said
    else:
        asked.buttons[[one.text for one in asked.question.answers].index(said)].click()


def test_each_lesson_has_a_quiz_and_no_file_is_left_over():
    assert sorted(one.stem for one in QUIZZES.glob("*.json")) == sorted(LESSONS)
    assert all(len(questions) >= 4 for questions in ASKED.values())
    assert all(len({one.text for one in questions}) == len(questions) for questions in ASKED.values())


@pytest.mark.parametrize(("lesson", "question"), QUESTIONS, ids=lambda one: getattr(one, "text", one)[:40])
def test_every_answer_says_why_and_fits_on_a_button(lesson, question):
    assert len(question.answers) >= 3
    for answer in question.answers:
        assert len(answer.feedback.split()) >= 3 and len(answer.text) <= 120
    assert len({answer.feedback for answer in question.answers}) == len(question.answers)
    assert question.kind == "many_choice" or sum(answer.correct for answer in question.answers) == 1


def test_the_right_answer_is_not_told_by_its_place_or_its_length():
    single = [one for _, one in QUESTIONS if one.kind == "multiple_choice"]
    places = [[answer.correct for answer in one.answers].index(True) for one in single]
    longest = [max(one.answers, key=lambda answer: len(answer.text)).correct for one in single]
    assert max(map(places.count, range(4))) <= 0.45 * len(single)
    assert sum(longest) <= 0.45 * len(single)


@pytest.mark.parametrize("lesson", LESSONS)
def test_a_quiz_is_answered_wrong_then_right_and_remembered(lesson, path):
    taken = quiz(lesson)
    for asked in taken.asked:
        wrong = typed(asked.question, correct=False)
        press(asked, wrong)
        assert read(asked.said.value).startswith("✗ ")
        for answer in asked.question.answers:
            if answer.correct:
                press(asked, answer.text)
                assert read(asked.said.value).startswith("✓ ")
    many = len(taken.questions)
    assert f"{many} of {many} right, 0 of them at the first try." in taken.score.value
    again = quiz(lesson)
    assert again.score.value == taken.score.value
    assert [one.said.value for one in again.asked] == [one.said.value for one in taken.asked]
    entries = json.loads(path.read_text(encoding="utf-8"))["lessons"][lesson]["quiz"]
    assert all(one["right"] and not one["first"] for one in entries.values()) and len(entries) == many


def test_a_right_answer_at_once_is_a_first_try_and_taking_it_again_loses_nothing():
    taken = quiz("02")
    for asked in taken.asked:
        for answer in asked.question.answers:
            if answer.correct:
                press(asked, answer.text)
    many = len(taken.questions)
    assert f"{many} of {many} right, {many} of them at the first try." in taken.score.value
    again = quiz("02", again=True)
    assert f"0 of {many} right." in again.score.value and not again.asked[0].said.value
    press(again.asked[0], typed(again.asked[0].question, correct=False))
    entry = progress.read()[0]["lessons"]["02"]["quiz"][again.asked[0].question.text]
    assert entry["right"] and entry["first"]


OWN = [
    {
        "question": "Which?",
        "type": "many_choice",
        "code": "x = 1",
        "answers": [
            {"answer": "a", "correct": True, "feedback": "yes, a"},
            {"answer": "b", "correct": True, "feedback": "yes, b"},
            {"code": "c()", "correct": False, "feedback": "no"},
        ],
    },
    {
        "question": "How many?",
        "type": "numeric",
        "precision": 2,
        "answers": [
            {"type": "value", "value": 0.25, "correct": True, "feedback": "yes"},
            {"type": "range", "range": [1, 100], "correct": False, "feedback": "not in percent"},
            {"type": "default", "feedback": "count again"},
        ],
    },
]


@pytest.fixture
def own(tmp_path):
    """Return a function that writes a quiz of one's own."""

    def write(questions):
        path = tmp_path / "mine.json"
        path.write_text(questions if isinstance(questions, str) else json.dumps(questions), encoding="utf-8")
        return str(path)

    return write


def test_several_right_ones_are_all_asked_for_and_a_number_is_judged(own):
    which, many = (taken := quiz(own(OWN))).asked
    press(which, "a")
    assert "There's another right one." in which.said.value and "0 of 2 right." in taken.score.value
    press(which, "b")
    assert "another" not in which.said.value and "1 of 2 right, 1 of them" in taken.score.value
    for said, words in {"ten": "isn't a number", "25": "not in percent", "0,251": "yes", "-3": "count again"}.items():
        many.field.value = said
        assert words in read(many.said.value), said
    assert "2 of 2 right, 1 of them" in taken.score.value
    many.field.value = "  "
    assert "count again" in many.said.value
    answers = [{"type": "value", "value": 10240, "correct": True, "feedback": "yes"}, {"type": "default"}]
    (large,) = read_questions(quiz_file(own([{"question": "?", "type": "numeric", "answers": answers}])))
    assert [large.answer(said).correct for said in ("10,240", "10240", "10.240", "1e999", "nan")] == [1, 1, 0, 0, 0]


def changed(**fields) -> list:
    return [OWN[0] | fields]


@pytest.mark.parametrize(
    ("questions", "words"),
    [
        ("[", "can't be read as JSON"),
        ("{}", "a list of questions"),
        ("[]", "a list of questions"),
        ([3], "question 1"),
        ([{"question": "?"}], "'type' is missing"),
        (changed(type="string"), "'string' isn't one of"),
        (changed(answers=[]), "0 of its answers are correct"),
        (changed(type="multiple_choice"), "2 of its answers are correct"),
        (changed(answers=OWN[0]["answers"] * 2), "two of its answers are the same"),
        (changed(answers=[{"correct": True}]), "'code' is missing"),
        ([OWN[1] | {"answers": OWN[1]["answers"][:1]}], "of the type 'default'"),
        ([OWN[1] | {"answers": [{"type": "value", "correct": True}]}], "'value' is missing"),
        ([OWN[1] | {"answers": [{"type": "value", "value": "two", "correct": True}]}], "question 1"),
    ],
)
def test_a_broken_quiz_is_named(own, questions, words):
    with pytest.raises(DataError, match=re.escape(words)):
        quiz(own(questions))


def test_an_unknown_quiz_is_named():
    with pytest.raises(DataError, match=r"no quiz '99': write one of 00, 01"):
        quiz("99")


@pytest.fixture
def shown(monkeypatch):
    """What is displayed."""
    shown = []
    monkeypatch.setattr(lab_module, "display", shown.append)
    return shown


@pytest.mark.parametrize("lesson", LESSONS)
def test_without_a_kernel_each_answer_is_folded_with_its_reason(lesson, shown):
    quiz(lesson)._ipython_display_()
    still = read(shown[0].data)
    for question in ASKED[lesson]:
        for answer in question.answers:
            if question.kind != "numeric" or answer.correct:
                assert answer.feedback.replace("`", "") in still.replace("`", "")
    folds = sum(1 if one.kind == "numeric" else len(one.answers) for one in ASKED[lesson])
    assert shown[0].data.count("<details>") == folds


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_texts_are_texts(own, shown, text):
    answers = [{"answer": text, "correct": True, "feedback": text}, {"answer": "b", "correct": False, "feedback": "b"}]
    (asked,) = (taken := quiz(own([{"question": text, "type": "multiple_choice", "answers": answers}]))).asked
    press(asked, text)
    taken._ipython_display_()
    guess = predict("02", text, [text, "b"])
    guess.buttons[0].click()
    guess._ipython_display_()
    for page in (shown[0].data, shown[2].data, asked.said.value, asked.head(), guess.happened(text)._repr_html_()):
        assert text.replace("`", "") in read(page).replace("`", "")


def test_a_prediction_is_remembered_and_shown_with_what_happened():
    guess = predict("04", "Will it fall?", ["it falls", "it rises"])
    assert repr(guess.happened("it fell")) == "What happened: it fell"
    assert not progress.read()[0]["lessons"]
    guess.buttons[1].click()
    assert guess.buttons[1].description == "✓ it rises" and "Noted" in guess.reply.value
    assert repr(guess.happened("it fell", "it falls")) == "✗ You said “it rises”. What happened: it fell"
    later = predict("04", "Will it fall?", ["it falls", "it rises"])
    assert later.buttons[1].description == "✓ it rises"
    later.buttons[0].click()
    assert repr(later.happened("it fell", "it falls")).startswith("✓ You said “it falls”.")
    entry = progress.read()[0]["lessons"]["04"]["predictions"]["Will it fall?"]
    assert entry == {"said": "it falls", "happened": "it fell"}
    assert predict("04", "Will it fall?", ["other", "choices"]).said == ""  # a choice that there's no more


def test_a_prediction_in_words():
    guess = predict("04", "What will it be?")
    guess.field.value = " about 3 "
    assert repr(guess.happened("4")) == "You said “about 3”. What happened: 4"
    assert predict("04", "What will it be?").field.value == "about 3"
    with pytest.raises(ValueError, match="none of the choices"):
        guess.happened("4", right="5")


def test_what_is_wrong_with_the_file_is_said(path):
    path.write_text("{")
    assert "a new one begins" in predict("04", "Will it fall?", ["yes", "no"]).reply.value
    path.write_text("{")
    assert "a new one begins" in quiz("02").score.value
