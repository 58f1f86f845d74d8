from fashion_nn.recipes.recipe import *
