"""New data sets made of others: what is in them, in which part, and that the old ones stay as they are."""

import json
import shutil
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import tfpool as tp
from tests.data.conftest import Fill, filled, noise
from tfpool import data
from tfpool.data.custom import near_duplicates, storage
from tfpool.data.dataset import fingerprint
from tfpool.system.process import Process
from tfpool.tracking.run_data import load_data
from tfpool.tracking.store import RunStore
from tfpool.training.queue import enqueue

SIZE = (10, 12)


def pictures(images: data.DataSet) -> dict[bytes, tuple[str, str]]:
    """Class and part of each picture."""
    return {
        image.tobytes(): (images.class_names[label], name)
        for name, part in images.parts.items()
        for image, label in zip(part.images, part.labels, strict=True)
    }


def numbers(images: data.DataSet) -> list[int]:
    return [len(part) for part in images.parts.values()]


def record(images: data.DataSet) -> dict[str, object]:
    return json.loads((Path(images.location) / "dataset.json").read_text(encoding="utf-8"))


@pytest.fixture
def pets(fill: Fill) -> data.DataSet:
    return data.add(fill(cat=20, dog=20), "pets", SIZE)


def film(root: Path, frames: int, quality: int) -> Path:
    """A folder of smooth pictures of two classes, saved as JPEG of that quality."""
    for seed in range(frames):
        folder = root / ("cat" if seed % 2 else "dog")
        folder.mkdir(parents=True, exist_ok=True)
        picture = noise(seed, (4, 4)).resize((40, 40), Image.Resampling.BICUBIC)
        picture.save(folder / f"{seed}.jpg", quality=quality)
    return root


def test_merged_images_keep_class_and_part_and_the_old_data_sets_stay(pets: data.DataSet, tmp_path: Path) -> None:
    birds = data.add(filled(tmp_path / "birds", {"bird": 20, "dog": 20}, 100), "birds", SIZE)
    before = pets.fingerprint, birds.fingerprint
    notes: list[str] = []
    both = data.merge(["pets", "birds"], "Both of them", told=notes.extend)
    assert notes == []
    assert both.class_names == ("cat", "dog", "bird")
    assert pictures(both) == pictures(pets) | pictures(birds)
    assert both.fingerprint == fingerprint(both.parts.values())
    assert both.fingerprint not in before
    assert (data.load("pets").fingerprint, data.load("birds").fingerprint) == before
    made_from = [{"name": name, "fingerprint": digest} for name, digest in zip(("pets", "birds"), before, strict=True)]
    assert record(both)["made_from"] == made_from
    assert set(both.train.first(20).labels) == {0, 1, 2}


def test_a_picture_of_both_is_taken_once_and_never_trained_on_if_it_is_in_a_test(
    pets: data.DataSet, tmp_path: Path
) -> None:
    again = data.add(tmp_path / "photos", "again", SIZE, seed=5)
    shutil.move(tmp_path / "photos/cat/0.png", tmp_path / "photos/dog/cat.png")
    other = data.add(tmp_path / "photos", "other", SIZE, seed=6)
    notes: list[str] = []
    three = data.merge(["pets", "again", "other"], "three", told=notes.extend)
    assert sum(numbers(three)) == 40
    latest = [pictures(images) for images in (pets, again, other)]
    for picture, (_, part) in pictures(three).items():
        assert data.PARTS.index(part) == max(data.PARTS.index(images[picture][1]) for images in latest)
    assert any("80" in note for note in notes)
    assert any("wrong: 1." in note for note in notes)


def test_near_duplicates_across_parts_of_merged_data_sets_are_counted(tmp_path: Path, home: Path) -> None:
    for name, quality in (("one", 95), ("other", 60)):
        data.add(film(tmp_path / name, 20, quality), name, 40, seed=quality)
    notes: list[str] = []
    data.merge(["one", "other"], "both", told=notes.extend)
    (note,) = notes
    assert "Near duplicates" in note


def test_only_what_fits_together_is_merged(pets: data.DataSet, fill: Fill, home: Path) -> None:
    data.add(fill("more", cat=4, dog=4), "large", 20)
    data.add(fill("padded", cat=4, dog=4), "padded", SIZE, pad_to_aspect_ratio=True)
    for names, word in (
        (["pets", "large"], "20 × 20 × 3"),
        (["pets", "padded"], "padded"),
        (["pets"], "two"),
        (["pets", "pets"], "different"),
        ("pets", "two"),
        (["pets", "cats"], "'cats'"),
    ):
        with pytest.raises(ValueError, match=word):
            data.merge(names, "new")
    with pytest.raises(ValueError, match="already"):
        data.edit_classes("pets", "pets", {"cat": "lion"})
    assert sorted(path.name for path in home.iterdir()) == ["large", "padded", "pets"]


def test_classes_are_renamed_joined_and_dropped(pets: data.DataSet, tmp_path: Path) -> None:
    zoo = data.add(filled(tmp_path / "zoo", {"ant": 9, "bee": 9, "cow": 9, "elk": 9}, 50), "zoo", SIZE)
    farm = data.edit_classes("zoo", "farm", {"ant": "insect", "bee": "insect", "cow": "elk"})
    assert farm.class_names == ("insect", "elk")
    to = {"ant": "insect", "bee": "insect", "cow": "elk", "elk": "elk"}
    assert pictures(farm) == {picture: (to[name], part) for picture, (name, part) in pictures(zoo).items()}
    # Two classes may change places.
    swapped = data.edit_classes("zoo", "swapped", {"ant": "bee", "bee": "ant"}, ["elk"])
    assert swapped.class_names == ("bee", "ant", "cow")
    kept = {picture: (name, part) for picture, (name, part) in pictures(zoo).items() if name != "elk"}
    change = {"ant": "bee", "bee": "ant", "cow": "cow"}
    assert pictures(swapped) == {picture: (change[name], part) for picture, (name, part) in kept.items()}
    assert data.load("zoo").fingerprint == zoo.fingerprint


@pytest.mark.parametrize(
    ("rename", "drop", "word"),
    [
        ({"cow": "elk"}, [], "'cow'"),
        ({}, ["elk"], "'elk'"),
        ({}, [], "Nothing"),
        ({"cat": "cat"}, [], "Nothing"),
        ({}, ["cat"], "1 would"),
        ({"cat": "dog"}, [], "1 would"),
        ({"cat": "\u202e"}, [], "name"),
    ],
    ids=str,
)
def test_a_change_of_classes_that_cannot_be_made_is_refused(
    rename: dict[str, str], drop: list[str], word: str, pets: data.DataSet, home: Path
) -> None:
    with pytest.raises(ValueError, match=word):
        data.edit_classes("pets", "new", rename, drop)
    assert [path.name for path in home.iterdir()] == ["pets"]


def test_a_built_in_data_set_can_be_edited(home: Path) -> None:
    few = data.edit_classes("quadrants", "few", drop=[data.load("quadrants").class_names[0]])
    assert few.classes == 3
    assert (few.train.labels < 3).all()


def test_new_images_are_split_and_the_old_ones_stay_where_they_are(pets: data.DataSet, tmp_path: Path) -> None:
    more = filled(tmp_path / "more", {"dog": 20, "ape": 20}, 200)
    reports: list[data.Report] = []
    all_pets = data.extend("pets", more, "All pets", told=reports.append)
    assert all_pets.class_names == ("cat", "dog", "ape")
    assert numbers(all_pets) == [56, 12, 12]
    assert pictures(pets).items() <= pictures(all_pets).items()
    assert [np.bincount(part.labels, minlength=3)[2] for part in all_pets.parts.values()] == [14, 3, 3]
    assert reports[0].images == 40
    assert data.load("pets").fingerprint == pets.fingerprint != all_pets.fingerprint


def test_what_the_data_set_has_already_is_left_out(pets: data.DataSet, tmp_path: Path) -> None:
    more = filled(tmp_path / "more", {"cat": 10, "emu": 10}, 30)
    reports: list[data.Report] = []
    extended = data.extend("pets", more, "more", told=reports.append)
    # Seeds 30 to 39 are there already, as dogs.
    assert sum(numbers(extended)) == 50
    assert pictures(pets).items() <= pictures(extended).items()
    assert any("left out: 10." in warning for warning in reports[0].warnings)
    assert any("wrong: 10." in warning for warning in reports[0].warnings)
    with pytest.raises(ValueError, match="already"):
        data.extend("pets", tmp_path / "photos", "nothing new")


def test_new_near_duplicates_go_into_the_part_of_the_old_image(tmp_path: Path, home: Path) -> None:
    short = data.add(film(tmp_path / "film", 40, 95), "film", 40)
    longer = data.extend("film", film(tmp_path / "more", 40, 85), "longer")
    assert numbers(longer) == [2 * number for number in numbers(short)]
    images = [(name, image) for name, part in longer.parts.items() for image in part.images]
    groups = near_duplicates.near_groups([near_duplicates.sketch(Image.fromarray(image)) for _, image in images])
    assert sum(map(len, groups)) >= 76
    assert all(len({images[index][0] for index in group}) == 1 for group in groups)


def test_new_images_of_a_patient_go_to_the_old_ones(tmp_path: Path, home: Path) -> None:
    for name, start in (("eyes", 0), ("later", 500)):
        for patient in range(12):
            for label in ("sick", "well"):
                (tmp_path / name / label).mkdir(parents=True, exist_ok=True)
                pixels = np.array(noise(start + patient * 2 + (label == "sick"), (12, 10)))
                pixels[0, 0] = patient
                Image.fromarray(pixels).save(tmp_path / name / label / f"p{patient}_{start}.png")
    data.add(tmp_path / "eyes", "eyes", SIZE, group_by="{group}_*")
    both = data.extend("eyes", tmp_path / "later", "both")
    patients = [{int(image[0, 0, 0]) for image in part.images} for part in both.parts.values()]
    assert sorted(patient for part in patients for patient in part) == list(range(12))
    assert record(both)["group_by"] == "{group}_*"
    with pytest.raises(ValueError, match="merge"):
        data.extend("eyes", filled(tmp_path / "unnamed", {"sick": 3, "well": 3}, 700), "unnamed")
    other = data.add(filled(tmp_path / "other", {"sick": 9, "well": 9}, 800), "other", SIZE)
    merged = data.merge(["eyes", "other"], "merged")
    assert (record(merged)["group_by"], sum(numbers(merged))) == (None, 24 + sum(numbers(other)))


def test_given_parts_of_new_images_are_kept(pets: data.DataSet, tmp_path: Path) -> None:
    counts = {"train/cat": 5, "train/dog": 5, "test/cat": 4, "test/dog": 4, "val/cat": 3}
    folder = filled(tmp_path / "more", counts, 300)
    extended = data.extend("pets", folder, "more")
    assert [new - old for new, old in zip(numbers(extended), numbers(pets), strict=True)] == [10, 3, 8]


def test_new_images_are_read_as_the_old_ones_were(tmp_path: Path, home: Path) -> None:
    def xrays(name: str, most: int, seed: int) -> Path:
        random = np.random.default_rng(seed)
        for label in ("sick", "well"):
            (tmp_path / name / label).mkdir(parents=True)
            for number in range(6):
                values = random.integers(0, most, (10, 20), np.uint16)
                Image.fromarray(values).save(tmp_path / name / label / f"{number}.png")
        return tmp_path / name

    data.add(xrays("old", 4096, 0), "old", 10, channels=1, pad_to_aspect_ratio=True)
    new = data.extend("old", xrays("dark", 1000, 1), "new")
    assert storage.reading(Path(new.location)) == {"depth": 12, "pad_to_aspect_ratio": True}
    assert not new.train.images[:, 0].any()
    # 999 of 12 bits, not of the 10 that its own files would need.
    brightest = sorted(int(image.max()) for part in new.parts.values() for image in part.images)
    assert brightest[0] <= 999 * 255 // 4095 < brightest[-1]
    with pytest.raises(ValueError, match="12 bits"):
        data.extend("old", xrays("deep", 60_000, 2), "deep")


def test_a_run_on_the_old_data_set_is_never_taken_for_one_on_the_new(pets: data.DataSet, tmp_path: Path) -> None:
    store, plan = RunStore(tmp_path / "runs"), tp.plan("convnet", input_shape=(*SIZE, 3), classes=2)
    (run_id,) = enqueue([plan], "pets", tp.Recipe(), store)
    run = store.get(run_id)
    lease = store.claim_for(Process.of(), run_id, "here")
    assert lease is not None
    lease.begin({**run.spec, "data_fingerprint": pets.fingerprint})
    data.extend("pets", filled(tmp_path / "more", {"cat": 9, "dog": 9}, 300), "pets two")
    assert load_data(store.get(run_id)).fingerprint == pets.fingerprint
    data.remove("pets")
    with pytest.raises(ValueError, match="gone"):
        load_data(store.get(run_id))
    # The new one in the old one's place, under its name.
    assert data.edit_classes("pets-two", "pets", {"cat": "lion"}).name == "pets"
    with pytest.raises(ValueError, match=r"other images|other classes"):
        load_data(store.get(run_id))


class Stop(BaseException):
    pass


def test_an_edit_that_is_stopped_leaves_nothing(pets: data.DataSet, tmp_path: Path, home: Path) -> None:
    def stop(done: int, total: int) -> None:
        if done:
            raise Stop

    data.add(filled(tmp_path / "other", {"cat": 40, "dog": 40}), "other", SIZE, seed=3)
    for work in (
        lambda: data.merge(["pets", "other"], "new", progress=stop),
        lambda: data.extend("pets", filled(tmp_path / "more", {"cat": 9, "dog": 9}, 300), "new", progress=stop),
    ):
        with pytest.raises(Stop):
            work()
        assert sorted(path.name for path in home.iterdir()) == ["other", "pets"]
