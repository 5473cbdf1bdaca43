"""The GPU box: prompt, engine, scheduler, health."""
