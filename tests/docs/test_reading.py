"""How the tests of the pages read a page, and how they find a command or an output that is wrong."""

from __future__ import annotations

import textwrap

import pytest
from doc_pages import Command, Page
from doc_session import Session
from shown_output import missing_lines, shape


def page(text):
    """Return a page with indented text."""
    return Page("docs/page.md", textwrap.dedent(text))


SESSION = """\
# Title

```console
$ nntrain check mlp
118,282 parameters
...
$ nntrain train mistakes.yaml
1 problem; nothing was run
$ nntrain configs show x
$ echo $?
2
```

```bash
pip install .
```
"""


def test_a_session_is_commands_with_the_output_below_each():
    assert page(SESSION).commands == [
        Command("nntrain check mlp", 4, ("118,282 parameters", "...")),
        Command("nntrain train mistakes.yaml", 7, ("1 problem; nothing was run",), exit_code=None),
        Command("nntrain configs show x", 9, (), exit_code=2),
    ]


def test_a_page_needs_tensorflow_if_a_command_trains():
    assert not page(SESSION).needs_tensorflow
    assert page("```console\n$ nntrain resume\n```\n").needs_tensorflow
    assert page("```python\nimport keras\n```\n").needs_tensorflow
    assert not page("```bash\nnntrain train mlp\n```\n").needs_tensorflow


def test_a_command_that_fails_after_training_has_trained():
    failed = page("```console\n$ nntrain train mlp\n...\nError: accuracy 0.9 is below the required 0.99\n```\n")
    refused = page("```console\n$ nntrain train nothing\nError: No shipped config 'nothing'.\n```\n")
    assert (failed.commands[0].trains, refused.commands[0].trains) == (True, False)


def test_a_command_may_go_on_in_the_next_line():
    assert page("```console\n$ nntrain train \\\n> mlp\n```\n").commands == [Command("nntrain train mlp", 2)]


def test_an_output_without_a_command_is_no_session():
    with pytest.raises(ValueError, match="line 2: a session starts with a command, found '118,282 parameters'"):
        page("```console\n118,282 parameters\n```\n").commands  # noqa: B018 - read when asked for


def test_a_block_of_yaml_that_names_its_file_is_that_file():
    names = [block.file_name for block in page("```yaml\n# a.yaml\nseed: 1\n```\n\n```yaml\nseed: 1\n```\n").blocks]
    assert names == ["a.yaml", None]


def test_a_workflows_commands_run_unless_a_session_runs_them():
    workflow = (
        "```yaml\n# .github/workflows/train.yml\njobs: {a: {steps: [{run: nntrain runs}, {run: pip install .}]}}\n```\n"
    )
    assert [command.text for command in page(workflow).commands] == ["nntrain runs"]
    session = "```console\n$ nntrain runs\n```\n"
    assert [command.line for command in page(session + workflow).commands] == [2]


@pytest.mark.parametrize(
    ("shown", "printed"),
    [
        ("epoch 1/10: loss 0.3499, 0.4 s, 3.7 s left", "epoch 1/1: loss 1.2, 12.0 s"),
        ("training  10 epochs, batch size 128; about 9 s", "training  1 epoch, batch size 128; about 2 min"),
        ("mnist  60,000  986b377aa155  /home/me/data/mnist.npz", "mnist   4,000  b8ef1e555f57  /tmp/x/mnist.npz"),
        (
            "device  CPU, 2 threads, compiled with XLA (faster for longer runs)",
            "device  CPU, 4 threads, not compiled: short",
        ),
        ("1  .  99", "1  3  96"),
    ],
)
def test_figures_and_columns_do_not_count(shown, printed):
    assert shape(shown) == shape(printed)


def test_other_words_count():
    assert missing_lines(["...", "accuracy 97 %", "precision 9 %"], "accuracy 12 %\nloss 1\n") == ["precision 9 %"]
    assert missing_lines(["about the lo..."], "about the loss\n") == []
    assert missing_lines(["about the accuracy ..."], "about the loss\n") == ["about the accuracy ..."]


def test_an_error_is_compared_with_its_figures():
    assert missing_lines(["a.yaml:2:37: no"], "a.yaml:2:38: no\n", exact=True) == ["a.yaml:2:37: no"]


def test_what_a_network_answers_does_not_count():
    assert missing_lines(["photo.jpg  7  99.8 %"], "photo.jpg  3  unsure\n", answers=False) == []
    assert missing_lines(["photo.jpg  7  99.8 %"], "row.png  3  unsure\n", answers=False) == ["photo.jpg  7  99.8 %"]


def test_a_shown_document_has_keys_that_are_printed():
    assert missing_lines(['{"schema": 1, "loss": ...}'], '{"schema": 1, "lost": 0.5}') == ["loss"]


def test_a_session_with_a_page_finds_what_is_wrong(nntrain):
    wrong = """\
        ```console
        $ nntrain check mlp
        118,282 weights
        $ nntrain check missing.yaml
        ```
        """
    differences = Session(page(wrong), nntrain.fresh).run()
    assert [text.partition("\n")[0] for text in differences] == [
        "docs/page.md:2: nntrain check mlp: not printed: '118,282 weights'",
        "docs/page.md:4: nntrain check missing.yaml: exit code 2 instead of 0",
    ]


def test_a_session_with_a_page_writes_its_files_and_runs_its_shell_commands_and_python(nntrain):
    right = """\
        ```yaml
        # sub/a.yaml
        seed: one
        ```
        ```console
        $ cat sub/a.yaml | tail -n 1
        seed: one
        $ nntrain configs show mlp > copy.yaml
        $ nntrain check sub/a.yaml
        sub/a.yaml:2:7: seed: must be a whole number of at least 0 and below 4,294,967,296, got 'one'
        ...
        4 problems; nothing was run
        ```
        ```python
        assert "dense" in open("copy.yaml").read()
        ```
        """
    assert Session(page(right), nntrain.fresh).run() == []


@pytest.mark.parametrize(
    ("commands", "needed"),
    [
        (["nntrain train mlp", "nntrain train cnn", "nntrain check cnn"], [False, False]),
        (["nntrain train mlp", "nntrain evaluate"], [True]),
        (["nntrain train mlp", "nntrain train cnn", "nntrain predict a.png"], [False, True]),
        (["nntrain train mlp", "nntrain train cnn", "nntrain predict a.png --run mlp-1"], [True, False]),
        (["nntrain train mlp --name long", "nntrain train cnn", "nntrain resume long-1"], [True, False, True]),
        (["nntrain train mlp", "nntrain predict a.png --run pretrained"], [False]),
        (["nntrain train mlp --require 'accuracy>=0.9'"], [True]),
    ],
)
def test_only_networks_that_a_page_uses_are_trained(commands, needed):
    session = page("```console\n" + "".join(f"$ {command}\n" for command in commands) + "```\n")
    assert [session.needs_engine(command) for command in session.commands if command.trains] == needed


def test_a_training_whose_network_is_not_used_needs_no_tensorflow(nntrain):
    unused = """\
        ```console
        $ nntrain train mlp epochs=30 --name long
        ...
        run       runs/long-1
        device    CPU, 2 threads, compiled with XLA (faster for longer runs)
        ...
        epoch 30/30: loss 0.0066, accuracy 0.9979, val_loss 0.1355, val_accuracy 0.9783, learning_rate 0.001, 0.3 s
        runs/long-1: test accuracy 97.93 %, loss 0.1108 (10,000 images, epoch 30)
        Next: `nntrain evaluate runs/long-1`
        $ nntrain runs
        run  config  status  epochs  time  test  differs
        long-1  mlp  complete  30  10.2 s  accuracy 97.93 %, loss 0.1108  fit.epochs=30
        ```
        """
    assert not page(unused).needs_tensorflow
    assert Session(page(unused), nntrain.fresh).run() == []
