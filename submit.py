"""Write a prediction file for a CSV of test images.

python submit.py --model FILE --test CSV --out CSV
"""

from fashion_nn.__main__ import submit_main

if __name__ == "__main__":
    submit_main()
