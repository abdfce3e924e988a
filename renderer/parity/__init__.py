"""Scripts that compare our images with those of Blender 3 and BlenderProc; README.md explains them."""
