/* exit(3): the status is main()'s value & 0377: 128 gives 128. */
/* want-status: 128 */
int main(void)
{
    return 128;
}
