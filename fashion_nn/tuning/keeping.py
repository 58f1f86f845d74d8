"""The models that a search keeps: that of the best trial, and none of the others.

A trial that hyperband may still promote also keeps its resume state.
"""

from collections.abc import Collection, Sequence
from pathlib import Path

from fashion_nn.core import writing
from fashion_nn.runs import Best, RecipeRecord, Retrained, Run, Search, TrialRecord
from fashion_nn.tuning.plan import SearchPlan
from fashion_nn.tuning.trial import Result


class Keeper:
    """Keeps best/, best.json and the trial folders of a search as the records of its trials say.

    Args:
        plan: what is searched.
        search: the folder.
    """

    def __init__(self, plan: SearchPlan, search: Search):
        self._plan = plan
        self._search = search
        self._kept: str | None = None
        self._stripped: set[str] = set()

    def keep_best(self, best: TrialRecord) -> None:
        """Have the run of the best trial in best/, and its recipe in best.json."""
        if best.id == self._kept:
            return
        if not self._is_kept(best):
            folder = self._search.trial_folder(best.id)
            writing.remove_folder(self._search.retrained_run)
            _replace_by_copy(
                self._search.best_run, folder / "fold-1" if self._plan.folds else folder
            )
            self._write(best, None)
        self._kept = best.id

    def strip_others(self, ended: Sequence[TrialRecord], resumable: Collection[str]) -> None:
        """Remove all models but the best, and resume states of trials not in `resumable`."""
        for trial in ended:
            if trial.id in self._stripped or trial.id == self._kept:
                continue
            _strip(self._search.trial_folder(trial.id), state=trial.id not in resumable)
            if trial.id not in resumable:
                self._stripped.add(trial.id)

    def keep_retrained(self, best: TrialRecord, seed: int, result: Result) -> None:
        """Have the run of a retraining in best-retrained/, and its result in best.json."""
        if result.status == "completed":
            _replace_by_copy(self._search.retrained_run, self._search.trial_folder(result.id))
        self._write(
            best,
            Retrained(
                seed=seed,
                status=result.status,
                score=result.score,
                best_epoch=result.best_epoch,
                epochs_run=result.epochs_run,
                seconds=result.seconds,
                message=result.message,
                worker=result.worker,
                peak_memory_bytes=result.peak_memory_bytes,
            ),
        )

    def _is_kept(self, best: TrialRecord) -> bool:
        search = self._search
        return (
            search.best.exists()
            and search.read_best().trial == best.id
            and Run(search.best_run).complete
        )

    def _write(self, best: TrialRecord, retrained: Retrained | None) -> None:
        record = self._search.read_record()
        found = Best(
            recipe=RecipeRecord.model_validate(self._plan.recipe_of(best).to_json()),
            objective=self._plan.objective,
            score=best.known_score,
            trial=best.id,
            dataset=self._plan.source.source,
            search=record.identity_sha256,
            retrained=retrained,
        )
        code = record.identity.code
        self._search.write_best(found.model_copy(update={"code": code}) if code else found)


def _replace_by_copy(target: Path, source: Path) -> None:
    """Replace `target` with a copy of the run in `source`, without its resume state."""
    with writing.replacing_folder(target) as copy:
        writing.copy_folder(source, copy, leave_out=[Run(source).state.name])


def _strip(folder: Path, *, state: bool) -> None:
    """Remove the model and metrics of the run in `folder`; with `state`, also its resume state."""
    for part in (folder, *folder.glob("fold-*")):
        run = Run(part)
        writing.remove_file(run.metrics)
        writing.remove_file(run.model)
        if state:
            run.remove_state()
