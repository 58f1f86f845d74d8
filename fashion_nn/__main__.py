"""`python -m fashion_nn` is `fashion-nn`."""

from fashion_nn.core.safe_path import drop_working_folder

drop_working_folder()

from fashion_nn.cli import main  # noqa: E402

if __name__ == "__main__":
    main()
