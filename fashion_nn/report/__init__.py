"""Figures, cards and tables made from run folders and searches. Nothing here trains."""

from fashion_nn.report.card import write_card
from fashion_nn.report.page import write_leaderboard, write_page
from fashion_nn.report.search import write as write_search
from fashion_nn.report.training import describe_training

__all__ = ["describe_training", "write_card", "write_leaderboard", "write_page", "write_search"]
