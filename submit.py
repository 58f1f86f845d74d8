"""Write a prediction file for a CSV of test images.

python submit.py --model FILE --test CSV --out CSV
"""

from fashion_nn.core.safe_path import drop_working_folder

drop_working_folder()

from fashion_nn.cli import submit_main  # noqa: E402

if __name__ == "__main__":
    submit_main()
